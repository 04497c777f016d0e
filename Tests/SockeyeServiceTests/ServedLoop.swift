import NIOCore
import NIOEmbedded
import Testing

@testable import SockeyeService

/// A directory and connections to it, on an event loop whose time stands still until it is moved.
final class ServedLoop {
  let directory: TemporaryDirectory
  let eventLoop = EmbeddedEventLoop()
  let worker: ServiceWorker

  init(_ configure: (inout FileServiceConfiguration) -> Void = { _ in }) throws {
    self.directory = try TemporaryDirectory()
    try self.directory.write("hello\n", to: "a")
    try self.directory.write("other\n", to: "b")
    var configuration = FileServiceConfiguration(directory: self.directory.path)
    configure(&configuration)
    self.worker = ServiceWorker(
      shared: try ServiceShared(configuration),
      eventLoop: self.eventLoop,
      sendsFiles: false
    )
    self.worker.start()
  }

  deinit {
    self.worker.stop()
    self.worker.shared.shutDown()
  }

  func connect() throws -> ServedConnection { try ServedConnection(self) }
}

final class ServedConnection {
  private let served: ServedLoop
  private let channel: EmbeddedChannel

  init(_ served: ServedLoop) throws {
    self.served = served
    self.channel = EmbeddedChannel(handler: ConnectionGate(worker: served.worker), loop: served.eventLoop)
    try self.channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
  }

  deinit { _ = try? self.channel.finish(acceptAlreadyClosed: true) }

  /// Sends bytes and returns what came back so far.
  @discardableResult
  func send(_ text: String) throws -> String {
    if !text.isEmpty { try self.channel.writeInbound(ByteBuffer(string: text)) }
    return try self.received()
  }

  func received() throws -> String {
    var text = ""
    while let data = try self.channel.readOutbound(as: IOData.self) {
      guard case .byteBuffer(let buffer) = data else { continue }
      text += String(decoding: buffer.readableBytesView, as: UTF8.self)
    }
    return text
  }

  func endInput() { self.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }

  /// Lets time pass, and returns what came back.
  func after(_ time: TimeAmount) throws -> String {
    self.served.eventLoop.advanceTime(by: time)
    return try self.received()
  }

  /// The client ends both sides.
  func close() { channel.close(promise: nil) }

  /// The system reports an error.
  func fail(_ error: any Error) { channel.pipeline.fireErrorCaught(error) }

  var isOpen: Bool { self.channel.isActive }
}

extension String {
  /// The status codes of the responses in it.
  var statuses: [Substring] {
    self.ranges(of: "HTTP/1.1 ").map { self[$0.upperBound...].prefix(3) }
  }

  func count(of text: String) -> Int { self.ranges(of: text).count }
}
