public import NIOCore
public import SockeyeText
public import SockeyeTransport

/// The two ends of a TCP connection.
public struct ConnectionEnds: Hashable, Sendable {
  /// This side.
  public let local: SocketAddress
  /// The peer.
  public let remote: SocketAddress

  /// Names a connection.
  public init(local: SocketAddress, remote: SocketAddress) {
    self.local = local
    self.remote = remote
  }
}

/// Somebody who sees the segments that pass on the network, and draws connections.
///
/// The console knows nobody of its own: whoever starts it says who sees, since that takes rights, and a network to look at.
public protocol ConnectionSight: Sendable {
  /// Begins to keep the segments that have a port at either end. It is called once for each session, before it opens.
  ///
  /// - Throws: A failure where nothing can be seen; `left` isn't called for that port then.
  func watch(port: UInt16) throws(Failure)

  /// A session that watched a port has closed: what was kept may still be drawn.
  func leave(port: UInt16)

  /// Draws a connection as lines of text, as many as there are segments, and more.
  ///
  /// - Returns: Nothing where none of its segments is known. It may take long.
  func text(of connection: ConnectionEnds, in language: Language) -> [String]?

  /// Draws a connection as a page of its own.
  ///
  /// - Returns: Nothing where none of its segments is known. It may take long.
  func page(of connection: ConnectionEnds, in language: Language) -> DiagramPage?
}

/// A page that shows a connection.
public struct DiagramPage: Sendable {
  /// The page, in HTML.
  public let html: [UInt8]
  /// The content security policy under which it works: its own style and script, and nothing from elsewhere.
  public let policy: String

  /// Makes a page.
  ///
  /// - Parameters:
  ///   - html: The page, in HTML.
  ///   - policy: Its content security policy.
  public init(html: [UInt8], policy: String) {
    self.html = html
    self.policy = policy
  }
}
