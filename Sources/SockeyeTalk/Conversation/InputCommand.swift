/// What a person at the keyboard may ask for.
enum InputCommand: Equatable {
  /// A message for one peer alone.
  case tell(Int, [UInt8])
  case clients
  case kick(Int)
  case quit
  case unknown(String)

  /// Reads a line; nothing when it is an ordinary message. A slash or an at sign is said by writing it twice.
  static func parse(_ line: [UInt8]) -> InputCommand? {
    guard let first = line.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else { return nil }
    if line.dropFirst().first == first { return nil }
    let text = String(decoding: line, as: UTF8.self)
    let words = text.split(separator: " ", maxSplits: 1)
    let verb = words.first.map(String.init) ?? text
    if first == UInt8(ascii: "@") {
      guard let number = Int(verb.dropFirst()) else { return .unknown(text) }
      return .tell(number, Array(line.dropFirst(verb.utf8.count + 1)))
    }
    switch verb {
    case "/clients": return .clients
    case "/quit": return .quit
    case "/kick":
      let number = words.dropFirst().first.flatMap { Int($0.filter { $0 != " " }) }
      return number.map { .kick($0) } ?? .unknown(text)
    default: return .unknown(text)
    }
  }
}
