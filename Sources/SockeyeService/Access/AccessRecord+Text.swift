import NIOCore
import SockeyeText

extension AccessRecord {
  /// The record as a line in the combined format of web servers, and after it the duration in milliseconds.
  ///
  /// - Parameter seconds: When the request was answered, since 1970.
  public func combinedLine(at seconds: Int64) -> String {
    let date = HTTPDate.text(seconds).split(separator: " ")
    let stamp = date.count == 6 ? "\(date[1])/\(date[2])/\(date[3]):\(date[4]) +0000" : "-"
    let user = self.user.map(Self.quotable) ?? "-"
    return
      "\(client) - \(user) [\(stamp)] \"\(Self.quotable(method)) \(Self.quotable(target)) \(version)\" "
      + "\(status) \(bytes) \"\(Self.quotable(referer ?? "-"))\" "
      + "\"\(Self.quotable(userAgent ?? "-"))\" \(duration.nanoseconds / 1_000_000)"
      + (explanation.map { " \($0)" } ?? "")
  }

  /// The record as one JSON object.
  ///
  /// - Parameter seconds: When the request was answered, since 1970.
  public func jsonLine(at seconds: Int64) -> String {
    var fields = [
      "\"v\":1", "\"event\":\"request\"", "\"time\":\"\(HTTPDate.internetText(seconds))\"",
      "\"client\":\(JSONText.quoted(client))", "\"method\":\(JSONText.quoted(method))",
      "\"target\":\(JSONText.quoted(target))", "\"protocol\":\"\(version)\"",
      "\"tls\":\(isEncrypted)", "\"status\":\(status)", "\"bytes\":\(bytes)",
      "\"milliseconds\":\(duration.nanoseconds / 1_000_000)",
    ]
    if let user = self.user { fields.append("\"user\":\(JSONText.quoted(user))") }
    if let referer = self.referer { fields.append("\"referer\":\(JSONText.quoted(referer))") }
    if let agent = userAgent { fields.append("\"userAgent\":\(JSONText.quoted(agent))") }
    if let length { fields.append("\"length\":\(length)") }
    fields.append("\"ending\":\"\(ending.rawValue)\"")
    if let explanation { fields.append("\"explanation\":\(JSONText.quoted(explanation))") }
    return "{\(fields.joined(separator: ","))}"
  }

  /// Text that cannot end its quotation marks or its line, nor move a terminal's cursor.
  private static func quotable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value):
        result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      case _ where VisibleText.isUnsafe(scalar):
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
