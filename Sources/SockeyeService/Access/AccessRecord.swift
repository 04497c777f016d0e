public import NIOCore

/// What is told about one request after it has been answered.
public struct AccessRecord: Sendable {
  /// The client's address, without its port.
  public var client: String
  /// Who asked, if a password was needed.
  public var user: String?
  /// The method; `NAME` for the bare-name protocol.
  public var method: String
  /// The target as the client sent it.
  public var target: String
  /// `HTTP/1.1`, `HTTP/1.0` or `bare-name`.
  public var version: String
  /// Whether the request came by TLS.
  public var isEncrypted: Bool
  /// The status; 200 or 404 for the bare-name protocol, which has none.
  public var status: Int
  /// Bytes of the body that were given to the connection.
  public var bytes: Int64
  /// The `Referer` field.
  public var referer: String?
  /// The `User-Agent` field.
  public var userAgent: String?
  /// From the request's head to the end of the response.
  public var duration: TimeAmount
}
