public import Dispatch
internal import Glibc
public import NIOCore
public import SockeyeHost
public import SockeyeLink
internal import SockeyeTCP

/// A network host with an event loop of its own, on a thread of its own: what NIO applications run on instead of a
/// `MultiThreadedEventLoopGroup`.
///
/// ```swift
/// var configuration = HostConfiguration(seed: …)
/// configuration.addresses = [InterfaceAddress(.v4(IPv4Address(10, 7, 0, 2)), prefixLength: 24)]
/// let group = try HostEventLoopGroup(configuration, on: TunnelDevice(name: "sock0"))
/// let server = try await HostServerBootstrap(group: group)
///   .childChannelInitializer { $0.pipeline.configureHTTPServerPipeline() }
///   .bind(host: "10.7.0.2", port: 80).get()
/// ```
///
/// A device with several queues takes a group for each, with the same configuration: they share nothing.
public final class HostEventLoopGroup: EventLoopGroup {
  private let loop: HostEventLoop

  /// A host on a TUN device, which is fitted to it.
  ///
  /// - Parameters:
  ///   - configuration: what the host is told, its link's MTU aside.
  ///   - device: the device that the host is on.
  ///   - capture: takes down what the link carries.
  ///   - drainLimit: how long connections may take to end in order when the group is shut down; those left are reset.
  /// - Throws: `LinkError` where the system has no descriptors left.
  public init(
    _ configuration: HostConfiguration,
    on device: consuming TunnelDevice,
    capture: CaptureFile? = nil,
    drainLimit: TimeAmount = .seconds(2)
  ) throws(LinkError) {
    var configuration = configuration
    configuration.fit(mtu: device.maximumTransmissionUnit, hasOffload: device.hasOffload)
    loop = HostEventLoop(configuration, link: try TunnelLink(device, capture: capture))
    loop.drainLimit = .nanoseconds(drainLimit.nanoseconds)
    loop.start()
  }

  /// A host without a link, which reaches itself alone.
  ///
  /// - Throws: `LinkError` where the system has no descriptors left.
  public init(loopback configuration: HostConfiguration) throws(LinkError) {
    loop = HostEventLoop(configuration, link: try LoopbackLink())
    loop.start()
  }

  /// A host on a link of another part's.
  package init(_ configuration: HostConfiguration, on link: any LoopLink) {
    loop = HostEventLoop(configuration, link: link)
    loop.start()
  }

  /// The loop.
  public func next() -> any EventLoop { loop }

  /// The loop.
  public func any() -> any EventLoop { loop }

  /// The loop alone.
  public func makeIterator() -> EventLoopIterator { EventLoopIterator([loop]) }

  /// Closes all channels, lets connections end in order for so long as was said, and ends the loop and its thread.
  public func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
    loop.shutdownGracefully(queue: queue, callback)
  }
}

extension HostEventLoop {
  /// Turns the loop on a thread of its own until it has ended.
  func start() {
    var thread = pthread_t()
    let box = Unmanaged.passRetained(self)
    let result = pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument else { return nil }
        let loop = Unmanaged<HostEventLoop>.fromOpaque(argument).takeRetainedValue()
        loop.asRunner {
          while !loop.hasEnded { loop.turn() }
        }
        return nil
      },
      box.toOpaque()
    )
    precondition(result == 0, "the system has no thread left")
    pthread_detach(thread)
  }

  /// The loop that `loop` is.
  ///
  /// - Throws: `EventLoopError.unsupportedOperation` for another's loop, which has no host.
  package static func cast(_ loop: any EventLoop) throws -> HostEventLoop {
    guard let loop = loop as? HostEventLoop else { throw EventLoopError.unsupportedOperation }
    return loop
  }
}
