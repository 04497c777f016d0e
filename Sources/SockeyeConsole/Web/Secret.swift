/// 128 bits that nobody can guess, as text.
struct Secret: Sendable {
  /// Thirty-two hexadecimal digits.
  let text: String

  /// Takes bits from the system.
  init() {
    var generator = SystemRandomNumberGenerator()
    text = (0..<2).map { _ in
      let digits = String(generator.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  /// Whether somebody knows the secret. How long that takes to say doesn't depend on how much of it is right.
  func equals(_ guess: some Sequence<UInt8>) -> Bool {
    let guess = Array(guess)
    let own = Array(text.utf8)
    guard guess.count == own.count else { return false }
    // The parentheses count: both operators bind alike.
    return zip(guess, own).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
