import SockeyeText

/// Conditional requests: RFC 9110, section 13.
enum Preconditions {
  /// What the conditions of a request come to.
  enum Outcome: Hashable, Sendable {
    case proceed
    case notModified
    case failed
  }

  /// Evaluates the conditions in the order of section 13.2.2. `If-Range` comes later, with the ranges.
  static func evaluate(_ fields: RequestFields, tag: String, modifiedSeconds: Int64) -> Outcome {
    if let list = fields.ifMatch {
      guard EntityTag.list(list, contains: tag, weakly: false) else { return .failed }
    } else if let text = fields.ifUnmodifiedSince, let date = HTTPDate.parse(text) {
      guard modifiedSeconds <= date else { return .failed }
    }
    if let list = fields.ifNoneMatch {
      return EntityTag.list(list, contains: tag, weakly: true) ? .notModified : .proceed
    }
    if let text = fields.ifModifiedSince, let date = HTTPDate.parse(text), modifiedSeconds <= date {
      return .notModified
    }
    return .proceed
  }

  /// Whether the ranges of a request apply to this version: section 13.1.5.
  ///
  /// A date counts only if it is exactly the one that was sent, and old enough that a second write in the same second
  /// cannot hide behind it (section 8.8.2.2).
  static func rangesApply(_ ifRange: String?, tag: String, modifiedSeconds: Int64, nowSeconds: Int64) -> Bool {
    guard let ifRange else { return true }
    if ifRange.utf8.first == UInt8(ascii: "\"") { return ifRange == tag }
    guard let date = HTTPDate.parse(ifRange) else { return false }
    return date == modifiedSeconds && modifiedSeconds < nowSeconds - 1
  }
}
