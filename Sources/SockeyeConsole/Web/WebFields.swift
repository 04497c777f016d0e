internal import NIOHTTP1

/// The header fields that every answer has.
enum WebFields {
  /// Nothing inside the markup runs, nothing is fetched from elsewhere, nobody frames the page; no address of ours is told,
  /// and nothing is kept.
  static let common: HTTPHeaders = [
    "Content-Security-Policy":
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
      + "form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
  ]

  static func common(and fields: HTTPHeaders) -> HTTPHeaders {
    var result = common
    result.add(contentsOf: fields)
    return result
  }

  /// A page that shows a connection has scripts of its own inside. It is of no origin: what runs there could neither read what the
  /// console's page keeps, nor speak to the console. (A browser refuses a sandboxed page with an opener policy.)
  static func diagram(_ policy: String) -> HTTPHeaders {
    var result = common
    result.replaceOrAdd(
      name: "Content-Security-Policy",
      value: "\(policy); sandbox allow-scripts allow-downloads; frame-ancestors 'none'"
    )
    result.remove(name: "Cross-Origin-Opener-Policy")
    result.add(name: "Content-Type", value: "text/html; charset=utf-8")
    return result
  }
}
