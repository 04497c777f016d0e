internal import NIOHTTP1
internal import SockeyeText
public import SockeyeTransport

/// Fields that a user adds to the requests, such as `X-Request-Source: nightly` (RFC 9110, section 5).
public struct RequestFields: Sendable {
  struct Field: Sendable, Equatable {
    var name: String
    var value: String
  }

  /// What a download itself has to say, or what would change where a request or its answer ends.
  private static let own: Set<String> = [
    "connection", "content-length", "content-range", "expect", "if-match", "if-modified-since", "if-none-match",
    "if-range",
    "if-unmodified-since", "keep-alive", "proxy-authorization", "proxy-connection", "range", "repr-digest", "te",
    "trailer", "transfer-encoding", "upgrade",
  ]
  /// What shows in the list of processes and in histories if it stands in an argument.
  private static let secret: Set<String> = ["authorization", "cookie"]

  private(set) var fields: [Field] = []

  /// No fields.
  public init() {}

  /// Adds a field as it is written on a command line: `Name: value`, or `@FILE` for the lines of a file that nobody else can
  /// read. `Name:` leaves a field out that would be sent otherwise.
  ///
  /// - Throws: A failure of kind `usage` when it is no field, is one that the download itself needs, or tells a secret that
  ///   belongs into a file; those of reading the file.
  public mutating func add(_ argument: String) throws(Failure) {
    guard argument.hasPrefix("@") else {
      let field = try Self.parse(argument)
      guard !Self.secret.contains(field.name.lowercased()) else { throw Failure(.usage, .fieldIsSecret(field.name)) }
      return try append(field)
    }
    let path = String(argument.dropFirst())
    // Nothing but a line feed ends a line: whatever else does so in some eyes is refused as part of a value.
    for line in try PrivateFile.text(of: path).unicodeScalars.split(separator: "\n") {
      let line = line.last == "\r" ? line.dropLast() : line
      if !line.isEmpty { try append(try Self.parse(String(String.UnicodeScalarView(line)))) }
    }
  }

  /// Puts them into a request, each in place of what stands there by its name.
  func apply(to headers: inout HTTPHeaders) {
    for field in fields { headers.remove(name: field.name) }
    for field in fields where !field.value.isEmpty { headers.add(name: field.name, value: field.value) }
  }

  private mutating func append(_ field: Field) throws(Failure) {
    let name = field.name.lowercased()
    // RFC 9112, section 3.2: a request with two hosts is a bad one.
    let isTwice = name == "host" && fields.contains { $0.name.lowercased() == name }
    guard !Self.own.contains(name), !isTwice, name != "host" || !field.value.isEmpty else {
      throw Failure(.usage, .fieldIsOwn(field.name))
    }
    fields.append(field)
  }

  private static func parse(_ line: String) throws(Failure) -> Field {
    let bytes = ArgumentText.bytes(of: line)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, bytes[..<colon].allSatisfy(isToken) else {
      throw Failure(.usage, .notField(line))
    }
    let name = String(decoding: bytes[..<colon], as: UTF8.self)
    let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    var value = bytes[(colon + 1)...].drop(while: isBlank)
    while let last = value.last, isBlank(last) { value.removeLast() }
    guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }),
      let text = String(validating: value, as: UTF8.self)
    else { throw Failure(.usage, .fieldHasControls(name)) }
    return Field(name: name, value: text)
  }

  /// RFC 9110, section 5.6.2.
  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
