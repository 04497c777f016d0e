import Glibc
import NIOCore
import NIOEmbedded
import NIOHTTP1
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: one connection's exchanges", .timeLimit(.minutes(1)))
struct HTTPExchangeHandlerTests {
  /// A connection whose server is the test.
  private struct Exchange {
    let channel = NIOAsyncTestingChannel()
    /// Whoever asks has it still when the channel is closed.
    private let handler: NIOLoopBound<HTTPExchangeHandler>

    /// - Parameter decodes: Whether the server's bytes are decoded, or come as parts of a response.
    init(decodes: Bool = false) async throws {
      let url = try DownloadURL("http://h/x")
      let channel = channel
      handler = try await channel.testingEventLoop.executeInContext {
        let streamEnd = StreamEndObserver()
        try channel.pipeline.syncOperations.addHandler(streamEnd)
        if decodes { try channel.pipeline.syncOperations.addHTTPClientHandlers() }
        let handler = HTTPExchangeHandler(
          url: url,
          idleLimit: .hours(1),
          streamEnd: streamEnd,
          on: channel.eventLoop
        )
        try channel.pipeline.syncOperations.addHandler(handler)
        return NIOLoopBound(handler, eventLoop: channel.eventLoop)
      }
    }

    private func call<Value: Sendable>(
      _ body: @escaping @Sendable (HTTPExchangeHandler, EventLoopPromise<Value>) -> Void
    ) async throws -> EventLoopFuture<Value> {
      let (channel, handler) = (channel, handler)
      return try await channel.testingEventLoop.executeInContext {
        let promise = channel.eventLoop.makePromise(of: Value.self)
        body(handler.value, promise)
        return promise.futureResult
      }
    }

    func ask() async throws -> EventLoopFuture<HTTPResponseHead> {
      let request = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/x")
      return try await call { $0.send(request, promise: $1) }
    }

    /// Asks, and has the server say how long the body is, by a length, by chunks or by its end.
    func begin(length: Int? = nil, isChunked: Bool = false) async throws {
      let head = try await ask()
      var fields: HTTPHeaders = [:]
      if let length { fields.add(name: "Content-Length", value: "\(length)") }
      if isChunked { fields.add(name: "Transfer-Encoding", value: "chunked") }
      try await send(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: fields)))
      _ = try await head.get()
    }

    func receive(_ plan: BodyPlan) async throws -> EventLoopFuture<BodyOutcome> {
      try await call { $0.receive(plan, promise: $1) }
    }

    func send(_ part: HTTPClientResponsePart) async throws { try await channel.writeInbound(part) }

    func send(_ count: Int) async throws { try await send(.body(ByteBuffer(repeating: 7, count: count))) }
  }

  private static func store(size: UInt64, _ threads: DownloadThreads) -> DownloadStore {
    let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    let progress = DownloadProgress()
    return DownloadStore(
      .descriptor(nowhere),
      size: size,
      checkpointInterval: .seconds(3600),
      progress: progress,
      threads: threads
    )
  }

  @Test("A read that ends exactly where another connection's part begins ends this one in order")
  func boundary() async throws {
    let threads = DownloadThreads()
    let store = Self.store(size: 40_000, threads)
    let exchange = try await Exchange()
    try await exchange.begin(length: 40_000)
    let mine = try #require(store.pieces.claim(10_000))
    let other = try #require(store.pieces.claim(30_000))
    #expect(mine == 0..<10_000 && other == 10_000..<40_000)
    let outcome = try await exchange.receive(.store(store, StorePlan(claim: mine, end: 40_000, stride: 10_000)))
    try await exchange.send(10_000)
    // All that was read has been written by the time that more comes.
    _ = try await store.drain()
    await exchange.channel.testingEventLoop.run()
    try await exchange.send(5_000)
    #expect(try await outcome.get().stored == 10_000)
    #expect(store.pieces.written == [0..<10_000])
    await threads.shutdown()
  }

  @Test("A body that ends before it should is not whole, and what didn't come is there to be claimed again")
  func cut() async throws {
    let threads = DownloadThreads()
    let store = Self.store(size: 40_000, threads)
    let exchange = try await Exchange()
    try await exchange.begin(length: 40_000)
    let claim = try #require(store.pieces.claim(20_000))
    let outcome = try await exchange.receive(.store(store, StorePlan(claim: claim, end: 40_000, stride: 10_000)))
    try await exchange.send(10_000)
    try await exchange.channel.close()
    do {
      _ = try await outcome.get()
      Issue.record("a cut body was taken for a whole one")
    } catch {
      #expect((error as? Failure)?.kind == .integrity)
    }
    _ = try await store.drain()
    #expect(store.pieces.claim(.max) == 10_000..<40_000)
    await threads.shutdown()
  }

  @Test("A whole body whose connection is gone before anybody has said where to write it is written all the same")
  func goneBeforeThePlan() async throws {
    let threads = DownloadThreads()
    let store = Self.store(size: 10_000, threads)
    let exchange = try await Exchange()
    try await exchange.begin(length: 10_000)
    try await exchange.send(10_000)
    try await exchange.send(.end(nil))
    try await exchange.channel.close()
    await exchange.channel.testingEventLoop.run()
    let claim = try #require(store.pieces.claim(10_000))
    let outcome = try await exchange.receive(.store(store, StorePlan(claim: claim, end: 10_000, stride: 10_000)))
    _ = try await store.drain()
    await exchange.channel.testingEventLoop.run()
    #expect(try await outcome.get().stored == 10_000)
    await threads.shutdown()
  }

  /// What is wrong with a body of chunks, of which a part of 20,000 bytes was asked for.
  private func problem(ofBody lengths: [Int]) async throws -> (kind: Failure.Kind?, written: [Range<UInt64>]) {
    let threads = DownloadThreads()
    let store = Self.store(size: 40_000, threads)
    let exchange = try await Exchange()
    try await exchange.begin(isChunked: true)
    let claim = try #require(store.pieces.claim(20_000))
    let outcome = try await exchange.receive(.store(store, StorePlan(claim: claim, end: 20_000, stride: 10_000)))
    for length in lengths { try await exchange.send(length) }
    _ = try await store.drain()
    await exchange.channel.testingEventLoop.run()
    try? await exchange.send(.end(nil))
    var kind: Failure.Kind?
    do {
      _ = try await outcome.get()
    } catch {
      kind = (error as? Failure)?.kind
    }
    await threads.shutdown()
    return (kind, store.pieces.written)
  }

  @Test("A body has the bytes that the server said that it would have, no fewer and no more")
  func lengths() async throws {
    #expect(try await problem(ofBody: [10_000, 10_000]) == (nil, [0..<20_000]))
    #expect(try await problem(ofBody: [10_000, 9_999]) == (.integrity, [0..<19_999]))
    // What is too much isn't written, not even its beginning.
    #expect(try await problem(ofBody: [10_000, 10_001]) == (.peerProtocol, [0..<10_000]))
  }

  @Test("A body without length is over when its server has ended the stream, and cut when the connection is just gone")
  func untilClose() async throws {
    for isInOrder in [true, false] {
      let exchange = try await Exchange(decodes: true)
      let head = try await exchange.ask()
      try await exchange.channel.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n0123456789"))
      _ = try await head.get()
      let outcome = try await exchange.receive(.collect(limit: 100))
      let channel = exchange.channel
      if isInOrder {
        try await channel.testingEventLoop.executeInContext {
          channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
      } else {
        try await channel.close()
      }
      let body = try? await outcome.get().body.readableBytes
      #expect(body == (isInOrder ? 10 : nil))
    }
  }

  @Test("What is collected has a limit")
  func limit() async throws {
    let exchange = try await Exchange()
    try await exchange.begin(length: 20_000)
    let outcome = try await exchange.receive(.collect(limit: 15_000))
    try await exchange.send(10_000)
    try await exchange.send(10_000)
    do {
      _ = try await outcome.get()
      Issue.record("more was kept than allowed")
    } catch {
      #expect((error as? Failure)?.kind == .peerProtocol)
    }
  }
}
