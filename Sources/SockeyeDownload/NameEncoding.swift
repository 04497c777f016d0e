internal import Glibc
internal import SockeyeTransport

/// Turns a name from UTF-8 into another encoding, by the C library's `iconv`.
enum NameEncoding {
  /// - Throws: A failure of kind `usage` when there is no such encoding, or it lacks a character of the name.
  static func encode(_ name: [UInt8], as encoding: String) throws(Failure) -> [UInt8] {
    let normal = encoding.lowercased()
    guard normal != "utf-8", normal != "utf8" else { return name }
    let converter = iconv_open(encoding, "UTF-8")
    guard Int(bitPattern: converter) != -1 else {
      throw Failure(.usage, .noEncoding(encoding))
    }
    defer { iconv_close(converter) }
    var input = name.map { CChar(bitPattern: $0) }
    var output = [CChar](repeating: 0, count: name.count * 4 + 16)
    let written = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output -> Int? in
        var from = input.baseAddress
        var fromLeft = input.count
        var to = output.baseAddress
        var toLeft = output.count
        guard iconv(converter, &from, &fromLeft, &to, &toLeft) != -1, iconv(converter, nil, nil, &to, &toLeft) != -1
        else {
          return nil
        }
        return output.count - toLeft
      }
    }
    guard let written else {
      throw Failure(.usage, .cannotEncode(String(decoding: name, as: UTF8.self), encoding))
    }
    return output[..<written].map { UInt8(bitPattern: $0) }
  }
}
