package import NIOCore
package import SockeyeHost

/// Who answers for the flows that come to a loop's host at addresses that aren't its own.
package protocol FlowOwner: AnyObject {
  /// A flow has come, and waits for `accept` or the host's `refuse`, now or later. On the loop.
  func decide(about flow: IncomingFlow)
  /// A datagram or an echo request has come for an address that isn't the host's. On the loop.
  func take(_ message: StrayMessage)
  /// The loop ends: nobody is asked any more. On the loop.
  func stop()
}

extension HostEventLoop {
  /// Asks the owner about each flow and message that has come. Whoever has none lets them pass in silence.
  func askAboutFlows() {
    guard let flowOwner else { return }
    while let flow = host.nextFlow() { flowOwner.decide(about: flow) }
    while let message = host.nextStray() { flowOwner.take(message) }
  }

  /// Lets a flow become a connection. On the loop.
  ///
  /// - Parameters:
  ///   - flow: what the owner was asked about.
  ///   - initializer: sets the channel up before it is registered.
  /// - Returns: the channel, which may be written to at once, and when it is active: it isn't while the handshake is under
  ///   way, and if that comes to nothing it is closed without ever having been.
  /// - Throws: an `IOError` if the flow doesn't wait any more or the host has no room, and what `initializer` throws.
  package func accept(
    _ flow: IncomingFlow,
    initializer: (any Channel) throws -> Void
  ) throws -> (channel: any Channel, opened: EventLoopFuture<Void>) {
    preconditionInEventLoop()
    let socket: Handle
    do throws(SocketError) {
      socket = try host.accept(flow)
    } catch {
      throw IOError(error, "accept")
    }
    let channel = StreamChannel(socket, on: self, parent: nil)
    do {
      try initializer(channel)
    } catch {
      channel.close0(error: error, mode: .all, promise: nil)
      throw error
    }
    let opened = makePromise(of: Void.self)
    channel.openPassively(opened)
    return (channel, opened.futureResult)
  }
}
