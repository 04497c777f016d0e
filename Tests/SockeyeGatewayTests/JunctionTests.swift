import NIOCore
import NIOEmbedded
import Testing

@testable import SockeyeGateway

/// Takes down that a channel's output was ended, which an embedded channel can't do alone.
private final class OutputEnd: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer

  private(set) var isEnded = false

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard case .output = mode else { return context.close(mode: mode, promise: promise) }
    isEnded = true
    promise?.succeed()
  }
}

/// Two joined channels, run by hand.
private struct Pair {
  let first = EmbeddedChannel()
  let second = EmbeddedChannel()
  let firstOutput = OutputEnd()
  let secondOutput = OutputEnd()

  init(_ fault: StreamFault? = nil) throws {
    for channel in [first, second] {
      try channel.setOption(.autoRead, value: false).wait()
      try channel.setOption(.allowRemoteHalfClosure, value: true).wait()
    }
    try first.pipeline.syncOperations.addHandlers(firstOutput, JunctionEnd(fault))
    try second.pipeline.syncOperations.addHandlers(secondOutput, JunctionEnd())
    for channel in [first, second] {
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }
  }

  func join() {
    Junction.join(first, second)
    run()
  }

  /// Each loop may have given the other something.
  func run() {
    for _ in 0..<8 {
      first.embeddedEventLoop.run()
      second.embeddedEventLoop.run()
    }
  }

  func read(_ text: String) throws {
    try first.writeInbound(ByteBuffer(string: text))
    run()
  }

  /// What has come out at the second end.
  var said: String {
    var text = ""
    while let buffer = try? second.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
    return text
  }
}

@Suite("Joined streams")
struct JunctionTests {
  @Test("what came before the other end was open is handed on first")
  func early() throws {
    let pair = try Pair()
    try pair.read("early ")
    pair.join()
    try pair.read("late")
    #expect(pair.said == "early late")
  }

  @Test("an end of input ends the other's output once all before it has passed, and not its input")
  func halfClose() throws {
    let pair = try Pair()
    pair.join()
    try pair.read("last words")
    pair.first.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    pair.run()
    #expect(pair.said == "last words")
    #expect(pair.secondOutput.isEnded && !pair.firstOutput.isEnded && pair.first.isActive)
    try pair.second.writeInbound(ByteBuffer(string: "an answer"))
    pair.run()
    #expect(try pair.first.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "an answer"))
    pair.second.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    pair.run()
    #expect(!pair.first.isActive && !pair.second.isActive, "after both directions nothing is left")
  }

  @Test("a channel that ends with its input, since its output has ended, has ended in order")
  func endWithoutEvent() throws {
    let pair = try Pair()
    pair.join()
    pair.first.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    pair.run()
    try pair.second.writeInbound(ByteBuffer(string: "an answer"))
    pair.second.pipeline.fireChannelInactive()
    pair.run()
    #expect(try pair.first.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "an answer"))
    #expect(pair.firstOutput.isEnded, "not reset")
  }

  @Test("an end of input that came before the other end was open is not lost")
  func earlyEnd() throws {
    let pair = try Pair()
    try pair.read("all")
    pair.first.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    pair.join()
    #expect(pair.said == "all")
    #expect(pair.secondOutput.isEnded)
  }

  @Test("both are closed when either fails", arguments: [true, false])
  func failure(isFirst: Bool) throws {
    let pair = try Pair()
    pair.join()
    (isFirst ? pair.first : pair.second).pipeline.fireErrorCaught(ChannelError.ioOnClosedChannel)
    pair.run()
    #expect(!pair.first.isActive && !pair.second.isActive)
  }

  @Test("an end that was gone before the other was open takes that along")
  func goneBefore() throws {
    let pair = try Pair()
    pair.first.close(promise: nil)
    pair.join()
    #expect(!pair.second.isActive)
  }

  @Test("a reset, an end or silence comes after exactly as many bytes as it says", arguments: StreamFault.Kind.allCases)
  func faults(kind: StreamFault.Kind) throws {
    let pair = try Pair(StreamFault(kind, after: 5))
    pair.join()
    try pair.read("abc")
    try pair.read("defgh")
    try pair.read("ij")
    // What was on its way when a reset comes may be lost.
    if kind != .reset { #expect(pair.said == "abcde") }
    #expect(pair.secondOutput.isEnded == (kind == .close))
    #expect(pair.first.isActive == (kind != .reset) && pair.second.isActive == (kind != .reset))
  }
}
