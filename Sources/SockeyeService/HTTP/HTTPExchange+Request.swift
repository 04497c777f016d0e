import NIOCore
import NIOHTTP1

extension HTTPExchange {
  /// A request whose head has been read.
  ///
  /// An object, so that handing it from step to step costs one reference and not one for each of its fields, and so that a
  /// connection without a request is small.
  final class Request {
    let head: HTTPRequestHead
    let fields: RequestFields
    let started: NIODeadline
    /// Whether the connection goes on after the response.
    var keepAlive: Bool
    /// Whether its end has been read, so that nothing of it is still on its way.
    var isRead = false
    /// What came with it, where that is a document to be read.
    var document: [UInt8] = []
    /// Lines that each response to it has in its head, whatever it is.
    var responseLines: String?
    /// What who asks may do.
    var rules = AccessRules.usual
    /// Who asks, once the password was found right.
    var user: String?

    init(_ head: HTTPRequestHead, fields: RequestFields, started: NIODeadline, keepAlive: Bool) {
      self.head = head
      self.fields = fields
      self.started = started
      self.keepAlive = keepAlive
    }

    var isHead: Bool { head.method == .HEAD }
    /// What the client expects before it sends the body. RFC 9110, section 10.1.1: from HTTP/1.0 it means nothing.
    var expectation: String? { isHTTP10 ? nil : fields.expect }
    var isHTTP10: Bool { head.version.major == 1 && head.version.minor == 0 }
  }
}
