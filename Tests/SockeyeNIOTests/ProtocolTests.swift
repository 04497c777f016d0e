import NIOCore
import NIOHTTP1
import NIOSSL
import SockeyeNIO
import SockeyeSimulatedNetwork
import Testing

/// Other people's protocols over our channels, unchanged, in virtual time.
@Suite("Protocols over a simulated network")
struct ProtocolTests {
  @Test("HTTP/1.1 requests are answered on one connection, over a bad link", arguments: 1...5 as ClosedRange<UInt64>)
  func http(seed: UInt64) throws {
    let pair = Pair(seed: seed, impairments: SimulatedNetworkTests.bad)
    _ = try pair.network.run(
      until: HostServerBootstrap(group: pair.server)
        .childChannelInitializer { channel in
          channel.pipeline.configureHTTPServerPipeline().flatMap { channel.pipeline.addHandler(HTTPAnswer()) }
        }
        .bind(host: "server", port: 80)
    )
    let answers = HTTPAnswers()
    let client = try pair.network.run(
      until: HostClientBootstrap(group: pair.client)
        .channelInitializer { channel in
          channel.pipeline.addHTTPClientHandlers().flatMap { channel.pipeline.addHandler(answers) }
        }
        .connect(host: "server", port: 80)
    )
    for number in 0..<50 {
      var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/\(number)")
      head.headers.add(name: "Host", value: "server")
      client.write(HTTPClientRequestPart.head(head), promise: nil)
      try pair.network.run(until: client.writeAndFlush(HTTPClientRequestPart.end(nil)))
    }
    pair.network.run(for: .seconds(120))
    #expect(answers.bodies == (0..<50).map { "/\($0)" + String(repeating: "x", count: $0 * 100) })
  }

  @Test("TLS is agreed on, carries bytes both ways, and is closed in order", arguments: 1...3 as ClosedRange<UInt64>)
  func tls(seed: UInt64) throws {
    let pair = Pair(seed: seed, impairments: SimulatedNetworkTests.bad)
    let (serverContext, clientContext) = try Self.contexts()
    _ = try pair.network.run(
      until: HostServerBootstrap(group: pair.server)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers(NIOSSLServerHandler(context: serverContext), Echo())
          }
        }
        .bind(host: "server", port: 443)
    )
    let events = Recorder()
    let client = try pair.network.run(
      until: HostClientBootstrap(group: pair.client)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let handler = try NIOSSLClientHandler(context: clientContext, serverHostname: "server")
            try channel.pipeline.syncOperations.addHandlers(handler, events)
          }
        }
        .connect(host: "server", port: 443)
    )
    try pair.network.run(until: client.writeAndFlush(pattern(50_000)))
    pair.network.run(for: .seconds(60))
    #expect(events.bytes == pattern(50_000))
    #expect(events.errors.isEmpty)
    try pair.network.run(until: client.close())
    pair.network.run(for: .seconds(60))
    #expect(pair.client.connectionCount == 0 && pair.server.connectionCount == 0)
  }

  @Test("A FIN in the middle of a TLS handshake leaves no connection behind")
  func finInHandshake() throws {
    let pair = Pair()
    let (_, clientContext) = try Self.contexts()
    let accepted = pair.server.next().makePromise(of: (any Channel).self)
    _ = try pair.network.run(
      until: HostServerBootstrap(group: pair.server)
        .childChannelInitializer { channel in
          accepted.succeed(channel)
          return channel.eventLoop.makeSucceededVoidFuture()
        }
        .bind(host: "server", port: 443)
    )
    let client = try pair.network.run(
      until: HostClientBootstrap(group: pair.client)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let handler = try NIOSSLClientHandler(context: clientContext, serverHostname: "server")
            try channel.pipeline.syncOperations.addHandler(handler)
          }
        }
        .connect(host: "server", port: 443)
    )
    let server = try pair.network.run(until: accepted.futureResult)
    pair.network.run(for: .milliseconds(100))
    try pair.network.run(until: server.close())
    pair.network.run(for: .minutes(5))
    #expect(!client.isActive)
    #expect(pair.client.connectionCount == 0 && pair.server.connectionCount == 0)
  }

  @Test("Structured concurrency runs on the hosts' loops, and loses no write at the end")
  func asyncChannels() throws {
    let pair = Pair(impairments: SimulatedNetworkTests.bad)
    let (client, server) = (pair.client, pair.server)
    let served = pair.network.start(on: server) {
      let listener = try await HostServerBootstrap(group: server.next())
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .bind(host: "server", port: 7) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
              wrappingChannelSynchronously: channel,
              configuration: .init(isOutboundHalfClosureEnabled: true)
            )
          }
        }
      try await listener.executeThenClose { connections in
        for try await connection in connections {
          try await connection.executeThenClose { inbound, outbound in
            for try await bytes in inbound { try await outbound.write(bytes) }
          }
          return
        }
      }
    }
    let loop = client.next()
    let received = try pair.network.run(on: client) {
      let channel = try await HostClientBootstrap(group: loop)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .connect(host: "server", port: 7) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
              wrappingChannelSynchronously: channel,
              configuration: .init(isOutboundHalfClosureEnabled: true)
            )
          }
        }
      return try await channel.executeThenClose { inbound, outbound in
        for _ in 0..<20 { try await outbound.write(pattern(2_000)) }
        outbound.finish()
        var received = ByteBuffer()
        for try await bytes in inbound { received.writeImmutableBuffer(bytes) }
        return received
      }
    }
    #expect(received.readableBytes == 40_000)
    try pair.network.run(until: served)
  }

  private static func contexts() throws -> (server: NIOSSLContext, client: NIOSSLContext) {
    let certificate = try NIOSSLCertificate(bytes: Array(certificate.utf8), format: .pem)
    let key = try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)
    var client = TLSConfiguration.makeClientConfiguration()
    client.trustRoots = .certificates([certificate])
    return (
      try NIOSSLContext(
        configuration: .makeServerConfiguration(
          certificateChain: [.certificate(certificate)],
          privateKey: .privateKey(key)
        )
      ),
      try NIOSSLContext(configuration: client)
    )
  }

  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBjDCCATKgAwIBAgIUMa8RQjL1a9BBi3SXxHyuVjnWTC0wCgYIKoZIzj0EAwIw
    ETEPMA0GA1UEAwwGc2VydmVyMCAXDTI2MTEyNzAzMTAwMFoYDzIxMjYxMTAzMDMx
    MDAwWjARMQ8wDQYDVQQDDAZzZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
    AAQHEWO0coYa8D4ZAOnMws2ocZfcD6q4QdVca5RPkvAYPrIONpmJHsc1OeuiCvBP
    uFVM+/x5wjrBbD28MfsIk+awo2YwZDAdBgNVHQ4EFgQUZuzzt8oNH/Hp/FKY+0+T
    rRmgKkowHwYDVR0jBBgwFoAUZuzzt8oNH/Hp/FKY+0+TrRmgKkowDwYDVR0TAQH/
    BAUwAwEB/zARBgNVHREECjAIggZzZXJ2ZXIwCgYIKoZIzj0EAwIDSAAwRQIhANpl
    9kCFc3Gye7gIPK7K6V9DZCJXUPQR7MI9+CXBwiYjAiBBfgs0MFujRKK50lOAJd77
    PCFKnrmDZhTHY2He+BfWuA==
    -----END CERTIFICATE-----
    """

  /// Guards nothing but these tests.
  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKF3dLGdz6ZQ6sdbF
    D5RLjYd5BsaLr1FhL0v1ILlquD6hRANCAAQHEWO0coYa8D4ZAOnMws2ocZfcD6q4
    QdVca5RPkvAYPrIONpmJHsc1OeuiCvBPuFVM+/x5wjrBbD28MfsIk+aw
    -----END PRIVATE KEY-----
    """
}

/// Answers with the target and as many letters as its number says.
private final class HTTPAnswer: ChannelInboundHandler, Sendable {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = Self.unwrapInboundIn(data) else { return }
    let count = (Int(head.uri.dropFirst()) ?? 0) * 100
    let body = ByteBuffer(string: head.uri + String(repeating: "x", count: count))
    let headers = HTTPHeaders([("Content-Length", "\(body.readableBytes)")])
    let answer = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
    context.write(Self.wrapOutboundOut(.head(answer)), promise: nil)
    context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
  }
}

/// Collects bodies. Only the test's thread runs it.
private final class HTTPAnswers: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = HTTPClientResponsePart

  private(set) var bodies: [String] = []
  private var body = ""

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch Self.unwrapInboundIn(data) {
    case .head: body = ""
    case .body(let part): body += String(buffer: part)
    case .end: bodies.append(body)
    }
  }
}
