public import NIOCore
internal import SockeyeNIO
public import SockeyeTransport
internal import Synchronization

/// Carries the streams that are opened to an endpoint of the machine's over an impaired path to another endpoint.
///
/// Each is two connections of the kernel's, with one of ours between them, which crosses the path. The target is called when
/// that has crossed; that it refuses is told by a reset.
public final class StreamForwarder: Sendable {
  /// What is told of streams.
  public enum Event: Sendable {
    /// A client has come, and how many there are.
    case opened(client: SocketAddress?, count: Int)
    /// A client's stream is over, and how many there are.
    case closed(client: SocketAddress?, count: Int)
    /// A client was turned away: there are as many as may be.
    case turnedAway(client: SocketAddress?)
    /// A stream could not be carried.
    case failed(Failure)
  }

  private let path: ImpairedPath
  private let transport: Transport
  private let target: Endpoint
  private let faults: StreamFaults
  private let mostStreams: Int
  private let report: @Sendable (Event) -> Void
  private let streamCount = Mutex(0)

  /// The port that the host at the far end listens on.
  private static let farPort = 1

  /// How long a connection over the path may take to open: a bad network is what it is for.
  private static let openingTime = TimeAmount.minutes(2)

  /// - Parameters:
  ///   - path: what is crossed.
  ///   - transport: the machine's TCP.
  ///   - target: where streams go.
  ///   - faults: what happens to each stream besides.
  ///   - mostStreams: how many there may be at once, at least one.
  ///   - report: called on event loops.
  public init(
    over path: ImpairedPath,
    by transport: Transport,
    to target: Endpoint,
    faults: StreamFaults = StreamFaults(),
    mostStreams: Int = 1024,
    report: @escaping @Sendable (Event) -> Void
  ) {
    self.path = path
    self.transport = transport
    self.target = target
    self.faults = faults
    self.mostStreams = mostStreams
    self.report = report
  }

  /// Begins to carry streams.
  ///
  /// - Returns: what listens for them.
  /// - Throws: a failure of kind `network` or `usage`.
  public func listen(on endpoint: Endpoint) async throws(Failure) -> Listener {
    do {
      _ = try await HostServerBootstrap(group: path.far)
        .childChannelOption(.autoRead, value: false)
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .childChannelInitializer { [self] channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(JunctionEnd(faults.up))
            goOn(to: channel)
          }
        }
        .bind(host: ImpairedPath.farAddress, port: Self.farPort).get()
    } catch {
      throw Failure(.other, .cannotListenAtEnd("\(error)"))
    }
    var options = ListenOptions()
    options.autoRead = false
    options.acceptFailed = { [report] failure in report(.failed(failure)) }
    return try await transport.listen(on: endpoint, options: options) { [self] channel in
      try channel.pipeline.syncOperations.addHandler(JunctionEnd())
      cross(from: channel)
    }
  }

  // MARK: From the client to the path

  private func cross(from client: any Channel) {
    let address = client.remoteAddress
    guard let count = addStream() else {
      report(.turnedAway(client: address))
      return Junction.reset(client)
    }
    report(.opened(client: address, count: count))
    client.closeFuture.whenComplete { [self] _ in report(.closed(client: address, count: removeStream())) }
    HostClientBootstrap(group: path.near)
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connectTimeout(Self.openingTime)
      .channelInitializer { [faults] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(JunctionEnd(faults.down))
        }
      }
      .connect(host: ImpairedPath.farAddress, port: Self.farPort)
      .whenComplete { [report] result in
        switch result {
        case .success(let crossing): Junction.join(client, crossing)
        case .failure(let error):
          report(.failed(Failure(.network, .cannotCross("\(error)"))))
          Junction.reset(client)
        }
      }
  }

  private func addStream() -> Int? {
    streamCount.withLock { count in
      guard count < mostStreams else { return nil }
      count += 1
      return count
    }
  }

  private func removeStream() -> Int {
    streamCount.withLock { count in
      count -= 1
      return count
    }
  }

  // MARK: From the path to the target

  private func goOn(to crossing: any Channel) {
    Task {
      do throws(Failure) {
        var options = ConnectOptions()
        options.autoRead = false
        let channel = try await transport.connect(to: target, options: options) { channel in
          try channel.pipeline.syncOperations.addHandler(JunctionEnd())
        }
        Junction.join(crossing, channel)
      } catch {
        report(.failed(error))
        Junction.reset(crossing)
      }
    }
  }
}

/// What happens to each stream besides what its packets suffer.
public struct StreamFaults: Equatable, Sendable {
  /// In what the side that opened says.
  public var up: StreamFault?
  /// In what it is told.
  public var down: StreamFault?

  /// Nothing.
  public init() {}
}
