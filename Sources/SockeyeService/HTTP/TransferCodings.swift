/// `Transfer-Encoding`: RFC 9112, sections 6.1 and 7.
enum TransferCodings {
  /// What is answered to a request with this field; `nil` where its body can be read.
  static func refusal(of field: String?, isHTTP10: Bool) -> HTTPStatus? {
    guard let field else { return nil }
    // A message of a version that knows no codings has been tampered with.
    guard !isHTTP10 else { return .badRequest }
    let codings = field.utf8.split(separator: UInt8(ascii: ",")).map { Substring($0).trimmingSpaces.lowercased() }
      .filter { !$0.isEmpty }
    // Only chunks at the very end, and once, tell where a request's body ends.
    guard codings.last == "chunked", !codings.dropLast().contains("chunked") else { return .badRequest }
    return codings.count == 1 ? nil : .notImplemented
  }
}
