/// Text that holds any bytes: arguments and paths are bytes, and need not be UTF-8.
///
/// What is UTF-8 is text as usual. Each byte that isn't part of it stands as one of 128 characters of a plane for private
/// use, U+10FF00 and the byte, and becomes that byte again at the system's door.
public enum RawText {
  private static let base: UInt32 = 0x10ff00
  private static let rawBytes: ClosedRange<UInt32> = 0x10ff80...0x10ffff

  /// Makes text of bytes.
  public static func text(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = String.UnicodeScalarView()
    var index = 0
    while index < bytes.count {
      // The longest sequence has four bytes; a scalar is what exactly one of the lengths makes.
      let length = (1...4).first { count in
        index + count <= bytes.count
          && String(validating: bytes[index..<(index + count)], as: UTF8.self)?.unicodeScalars.count == 1
      }
      if let length, let scalar = String(decoding: bytes[index..<(index + length)], as: UTF8.self).unicodeScalars.first
      {
        text.append(scalar)
        index += length
      } else {
        text.append(Unicode.Scalar(base + UInt32(bytes[index])) ?? "\u{fffd}")
        index += 1
      }
    }
    return String(text)
  }

  /// The bytes of a text.
  public static func bytes(_ text: some StringProtocol) -> [UInt8] {
    guard text.unicodeScalars.contains(where: isRaw) else { return Array(text.utf8) }
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if isRaw(scalar) {
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      } else {
        bytes += Array(String(scalar).utf8)
      }
    }
    return bytes
  }

  /// Calls with the bytes as the system takes a path, a NUL behind them.
  public static func withPath<Value>(_ text: String, _ body: (UnsafePointer<CChar>) throws -> Value) rethrows -> Value {
    let characters = bytes(text).map { CChar(bitPattern: $0) } + [0]
    return try characters.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("a path has its NUL at least") }
      return try body(base)
    }
  }

  /// The words of the command line, as bytes that the system passed.
  public static var arguments: [String] {
    (0..<Int(CommandLine.argc)).compactMap { index in
      CommandLine.unsafeArgv[index].map { word in
        var bytes: [UInt8] = []
        var next = UnsafePointer(word)
        while next.pointee != 0 {
          bytes.append(UInt8(bitPattern: next.pointee))
          next += 1
        }
        return text(bytes)
      }
    }
  }

  static func isRaw(_ scalar: Unicode.Scalar) -> Bool { rawBytes.contains(scalar.value) }
}
