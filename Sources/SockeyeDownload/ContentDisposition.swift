/// A file name that the server suggests (RFC 6266).
enum ContentDisposition {
  /// The bytes of `filename*` or `filename`, with no judgement on them.
  static func fileName(in value: String) -> [UInt8]? {
    var plain: [UInt8]?
    for parameter in parameters(value) {
      guard let equals = parameter.firstIndex(of: "=") else { continue }
      let name = parameter[..<equals].lowercased()
      let text = parameter[parameter.index(after: equals)...]
      if name == "filename*" {
        // RFC 8187: CHARSET'LANGUAGE'percent-encoded.
        let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        if parts.count == 3, parts[0].lowercased() == "utf-8" { return DownloadURL.percentDecode(parts[2]) }
      } else if name == "filename" {
        plain = Array(unquote(text).utf8)
      }
    }
    return plain
  }

  /// Splits at semicolons outside of quotes.
  private static func parameters(_ value: String) -> [String] {
    var parameters: [String] = []
    var current = ""
    var isQuoted = false
    var isEscaped = false
    for scalar in value.unicodeScalars {
      if isEscaped {
        isEscaped = false
      } else if isQuoted, scalar == "\\" {
        isEscaped = true
      } else if scalar == "\"" {
        isQuoted.toggle()
      } else if scalar == ";", !isQuoted {
        parameters.append(current)
        current = ""
        continue
      } else if scalar == " ", !isQuoted {
        continue
      }
      current.unicodeScalars.append(scalar)
    }
    return parameters + [current]
  }

  private static func unquote(_ text: Substring) -> String {
    guard text.hasPrefix("\"") else { return String(text) }
    var plain = ""
    var isEscaped = false
    for scalar in text.dropFirst().unicodeScalars {
      if !isEscaped, scalar == "\\" {
        isEscaped = true
        continue
      }
      if !isEscaped, scalar == "\"" { break }
      isEscaped = false
      plain.unicodeScalars.append(scalar)
    }
    return plain
  }
}
