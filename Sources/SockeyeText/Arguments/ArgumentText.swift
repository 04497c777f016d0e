import Glibc

/// The arguments of the command line as text that keeps every byte.
///
/// Arguments and paths are bytes. A `String` holds UTF-8 alone, so a byte that isn't part of it stands as one character of
/// the last private plane, U+10FF00 and the byte; a character of that range that is really there stands as its own bytes,
/// so that the way back is always the same.
public enum ArgumentText {
  private static let first: UInt32 = 0x10_FF00

  /// The arguments of this program, its own name excluded.
  public static var arguments: [String] {
    var arguments: [String] = []
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[index] else { break }
      arguments.append(
        text(of: UnsafeBufferPointer(start: argument, count: strlen(argument)).map(UInt8.init(bitPattern:)))
      )
    }
    return arguments
  }

  /// Text that stands for bytes.
  public static func text(of bytes: [UInt8]) -> String {
    var scalars = String.UnicodeScalarView()
    var rest = bytes[...]
    while let byte = rest.first {
      let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      if let scalar = String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.first,
        scalar.value < first || scalar.value > first + 0xFF
      {
        scalars.append(scalar)
        rest = rest.dropFirst(UTF8.width(scalar))
      } else {
        if let scalar = Unicode.Scalar(first + UInt32(byte)) { scalars.append(scalar) }
        rest = rest.dropFirst()
      }
    }
    return String(scalars)
  }

  /// The bytes that text stands for.
  public static func bytes(of text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if scalar.value >= first, scalar.value <= first + 0xFF {
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      } else {
        bytes.append(contentsOf: UTF8.encode(scalar)?.map { $0 } ?? [])
      }
    }
    return bytes
  }

  /// Calls `body` with the bytes of a path as a C string.
  public static func withPath<Result>(_ path: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    let characters = bytes(of: path).map { CChar(bitPattern: $0) } + [0]
    return characters.withUnsafeBufferPointer { buffer in
      // It ends with 0, so it is never empty.
      body(buffer.baseAddress.unsafelyUnwrapped)
    }
  }
}
