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
    directory = try TemporaryDirectory()
    try directory.write("hello\n", to: "a")
    try directory.write("other\n", to: "b")
    var configuration = FileServiceConfiguration(directory: directory.path)
    configure(&configuration)
    worker = ServiceWorker(
      shared: try ServiceShared(configuration),
      eventLoop: eventLoop,
      sendsFiles: false
    )
    worker.start()
  }

  deinit {
    worker.stop()
    worker.shared.shutDown()
  }

  func connect() throws -> ServedConnection { try ServedConnection(self) }
}

final class ServedConnection {
  private let served: ServedLoop
  private let channel: EmbeddedChannel

  init(_ served: ServedLoop) throws {
    self.served = served
    channel = EmbeddedChannel(handler: ConnectionGate(worker: served.worker), loop: served.eventLoop)
    try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
  }

  deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

  /// Sends bytes and returns what came back so far.
  @discardableResult
  func send(_ text: String) throws -> String {
    if !text.isEmpty { try channel.writeInbound(ByteBuffer(string: text)) }
    return try received()
  }

  func received() throws -> String {
    var text = ""
    while let data = try channel.readOutbound(as: IOData.self) {
      guard case .byteBuffer(let buffer) = data else { continue }
      text += String(decoding: buffer.readableBytesView, as: UTF8.self)
    }
    return text
  }

  func endInput() { channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }

  /// Lets time pass, and returns what came back.
  func after(_ time: TimeAmount) throws -> String {
    served.eventLoop.advanceTime(by: time)
    return try received()
  }

  /// The client ends both sides.
  func close() { channel.close(promise: nil) }

  /// The system reports an error.
  func fail(_ error: any Error) { channel.pipeline.fireErrorCaught(error) }

  var isOpen: Bool { channel.isActive }
}

extension String {
  /// The status codes of the responses in it.
  var statuses: [Substring] {
    ranges(of: "HTTP/1.1 ").map { self[$0.upperBound...].prefix(3) }
  }

  func count(of text: String) -> Int { ranges(of: text).count }
}
