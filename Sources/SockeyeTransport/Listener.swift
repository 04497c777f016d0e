public import NIOCore

/// The sockets that listen for one endpoint: one for each address that it stands for.
public struct Listener: Sendable {
  /// The listening channels, never none.
  public let channels: [any Channel]

  /// The addresses actually bound.
  public var addresses: [SocketAddress] { channels.compactMap(\.localAddress) }

  /// Stops listening. What was accepted before goes on.
  public func close() async {
    for channel in channels { try? await channel.close() }
  }

  /// Waits until listening has ended.
  public func waitUntilClosed() async {
    for channel in channels { try? await channel.closeFuture.get() }
  }
}
