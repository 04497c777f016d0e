/// Weights of what a client prefers: RFC 9110, section 12.4.2.
enum QualityValue {
  /// A weight in thousandths; 0 for what is no weight.
  static func thousandths(_ text: Substring) -> Int {
    guard text.lowercased().hasPrefix("q="), let value = Double(text.dropFirst(2)), (0...1).contains(value) else {
      return 0
    }
    return Int(value * 1000)
  }
}
