import SockeyeText

/// `Content-Disposition` for what is to be saved: RFC 6266.
enum ContentDisposition {
  /// The field's value for a file's name: plain for old clients, and in full for those who read RFC 8187.
  static func attachment(_ name: [UInt8]) -> String {
    let text = String(decoding: name, as: UTF8.self)
    let shown = String(String.UnicodeScalarView(text.unicodeScalars.map { VisibleText.isUnsafe($0) ? "_" : $0 }))
    var plain = ""
    for scalar in shown.unicodeScalars {
      // Some clients undo escapes in the plain form, others end it at a backslash.
      plain.unicodeScalars.append(scalar.isASCII && !["\"", "\\", "%", "/"].contains(scalar) ? scalar : "_")
    }
    var full = ""
    PercentEncoding.append(shown.utf8, to: &full)
    return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(full)"
  }
}
