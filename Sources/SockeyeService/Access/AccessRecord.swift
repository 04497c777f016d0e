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
  /// Bytes of the body that the client has taken, as far as is known.
  public var bytes: Int64
  /// The `Referer` field.
  public var referer: String?
  /// The `User-Agent` field.
  public var userAgent: String?
  /// How long it took, from the request's head to the end of the response.
  public var duration: TimeAmount
  /// Bytes of the body that there were to send, where that is known beforehand.
  public var length: Int64?
  /// How the response came to its end.
  public var ending = Ending.complete

  /// How a response came to its end.
  public enum Ending: String, Sendable {
    /// The client has everything, as far as is known.
    case complete
    /// The client closed or reset the connection before it had read everything.
    case clientLeft = "client-left"
    /// The client read nothing for too long.
    case clientStalled = "client-stalled"
    /// The file changed while it was sent, or could not be read.
    case fileChanged = "file-changed"
  }

  /// What a person is told about a response that was broken off; `nil` for one that was not.
  public var explanation: String? {
    let amount = length.map { "after \(bytes) of \($0) bytes" } ?? "after \(bytes) bytes"
    switch ending {
    case .complete: return nil
    case .fileChanged: return "broken off \(amount): the file changed, or could not be read"
    // 499: there was no response yet.
    case .clientLeft where status == 499: return "broken off: the client left before its request was answered"
    case .clientLeft: return "broken off \(amount): the client closed the connection with bytes unread; \(Self.advice)"
    case .clientStalled: return "broken off \(amount): the client stopped reading; \(Self.advice)"
    }
  }

  private static let advice =
    "a program that reads once gets only what has arrived by then, so read until the end of the stream"
}
