import Glibc
import NIOCore
import NIOEmbedded
import NIOSSL
import SockeyeTransport
import Testing

@testable import SockeyeTalk

@Suite("Sessions inside TLS")
struct TLSSessionTests {
  /// How a connection comes to its end before a read is complete.
  enum Ending: CaseIterable {
    /// The next read is a reset.
    case reset
    /// A write fails, and closes the channel behind what could be read.
    case failedWrite
    /// What follows can't be deciphered.
    case brokenRecord
    /// The network ends it without a word.
    case cut
  }

  @Test(
    "what came right before a connection breaks is delivered, in either role",
    arguments: Ending.allCases,
    [true, false]
  )
  func delivered(ending: Ending, isClient: Bool) throws {
    let stage = Stage()
    let (ours, theirs) = try Self.ends(isClient: isClient)
    let peer = EmbeddedChannel(handler: theirs)
    let between: [any ChannelHandler] = isClient ? [DeliveryBeforeError()] : [DeliveryBeforeError(), LingeringClose()]
    _ = try stage.streamSession(behind: between + [ours]) { $0.tls = TLSSettings() }
    try peer.connect(to: SocketAddress(ipAddress: "192.0.2.2", port: 7)).wait()
    try Self.shakeHands(stage.channel, peer)

    try peer.writeOutbound(ByteBuffer(string: "last words"))
    stage.channel.pipeline.fireChannelRead(try Self.taken(from: peer))
    #expect(stage.heard.isEmpty, "TLS waits for a read to be complete; if it doesn't, nothing is tested here")
    switch ending {
    case .reset: stage.channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNRESET, reason: "read"))
    case .failedWrite: stage.channel.pipeline.fireChannelInactive()
    case .brokenRecord:
      // Application data of TLS 1.2's version, five bytes long.
      stage.channel.pipeline.fireChannelRead(ByteBuffer(bytes: [0x17, 3, 3, 0, 5, 1, 2, 3, 4, 5]))
    case .cut: stage.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
    #expect(stage.heard == ["last words"])
  }

  @Test(
    "with nothing to deliver, an end that a read comes before is told by its own cause",
    arguments: Ending.allCases,
    [true, false]
  )
  func nothingToDeliver(ending: Ending, isClient: Bool) throws {
    let stage = Stage()
    let (ours, theirs) = try Self.ends(isClient: isClient)
    let peer = EmbeddedChannel(handler: theirs)
    let between: [any ChannelHandler] = isClient ? [DeliveryBeforeError()] : [DeliveryBeforeError(), LingeringClose()]
    _ = try stage.streamSession(behind: between + [ours]) { $0.tls = TLSSettings() }
    try peer.connect(to: SocketAddress(ipAddress: "192.0.2.2", port: 7)).wait()
    try Self.shakeHands(stage.channel, peer)
    // The beginning of a record, of which nothing can be deciphered.
    stage.channel.pipeline.fireChannelRead(ByteBuffer(bytes: [0x17, 3, 3]))
    try end(stage, ending)
    #expect(stage.heard.isEmpty)
    if case .failed(let failure)? = stage.cause { #expect(failure.kind != .other, "\(failure)") }
  }

  private func end(_ stage: Stage, _ ending: Ending) throws {
    switch ending {
    case .reset: stage.channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNRESET, reason: "read"))
    case .failedWrite: break
    case .brokenRecord: stage.channel.pipeline.fireChannelRead(ByteBuffer(bytes: [0, 5, 1, 2, 3, 4, 5]))
    case .cut: stage.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
    stage.channel.pipeline.fireChannelInactive()
  }

  @Test("a handshake that doesn't end is given up, in either role", arguments: [true, false])
  func handshakeLimit(isClient: Bool) throws {
    let stage = Stage()
    let (ours, _) = try Self.ends(isClient: isClient)
    let between: [any ChannelHandler] = isClient ? [DeliveryBeforeError()] : [DeliveryBeforeError(), LingeringClose()]
    _ = try stage.streamSession(behind: between + [ours]) {
      $0.tls = TLSSettings()
      $0.handshakeLimit = .seconds(3)
    }
    stage.pass(.milliseconds(2999))
    #expect(stage.cause == nil)
    stage.pass(.milliseconds(1))
    // A server hears the peer out, so that the alert isn't overtaken by a reset.
    if !isClient { stage.pass(StreamSession.lingering) }
    guard case .failed(let failure)? = stage.cause else {
      Issue.record("\(String(describing: stage.cause))")
      return
    }
    #expect(failure.kind == .timedOut)
  }

  @Test(
    "the limit on a handshake is none on the conversation behind it, though the channel says twice that it is active"
  )
  func limitEnds() throws {
    let stage = Stage()
    let (ours, theirs) = try Self.ends(isClient: true)
    let peer = EmbeddedChannel(handler: theirs)
    let session = try stage.streamSession(behind: [DeliveryBeforeError(), ours]) {
      $0.tls = TLSSettings()
      $0.handshakeLimit = .seconds(3)
    }
    try peer.connect(to: SocketAddress(ipAddress: "192.0.2.2", port: 7)).wait()
    let context = try stage.channel.pipeline.syncOperations.context(handler: session)
    session.channelActive(context: context)
    try Self.shakeHands(stage.channel, peer)
    stage.pass(.seconds(60))
    #expect(stage.cause == nil)
  }

  private static func ends(isClient: Bool) throws -> (any ChannelHandler, any ChannelHandler) {
    var client = TLSConfiguration.makeClientConfiguration()
    client.certificateVerification = .none
    let server = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
    )
    let clientEnd = try NIOSSLClientHandler(context: NIOSSLContext(configuration: client), serverHostname: nil)
    let serverEnd = NIOSSLServerHandler(context: try NIOSSLContext(configuration: server))
    return isClient ? (clientEnd, serverEnd) : (serverEnd, clientEnd)
  }

  /// Carries what two channels say to each other until both have nothing more to say.
  private static func shakeHands(_ one: EmbeddedChannel, _ other: EmbeddedChannel) throws {
    while true {
      var isSilent = true
      for (from, to) in [(one, other), (other, one)] {
        let bytes = try taken(from: from)
        guard bytes.readableBytes > 0 else { continue }
        isSilent = false
        to.pipeline.fireChannelRead(bytes)
        to.pipeline.fireChannelReadComplete()
      }
      if isSilent { return }
    }
  }

  private static func taken(from channel: EmbeddedChannel) throws -> ByteBuffer {
    var all = ByteBuffer()
    while let part = try channel.readOutbound(as: ByteBuffer.self) { all.writeImmutableBuffer(part) }
    return all
  }

  /// A certificate for these tests alone, and its key.
  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBfzCCASWgAwIBAgIUNq8SV/s3UdBata/Pg2nQ1BUCtEwwCgYIKoZIzj0EAwIw
    FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzA5NDgzN1oYDzIxMjYxMTAz
    MDk0ODM3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAATS0aQ0pkHKwtqOaDn3FRjZTVyM+goV7+g4fnpdMNUiSamkL1jMuNpe
    Uw30Fr6Ye7kPPCPCVVMUr1Y94es3jhvHo1MwUTAdBgNVHQ4EFgQUOhJMnvw65Dq2
    4Ybi1d25E276h98wHwYDVR0jBBgwFoAUOhJMnvw65Dq24Ybi1d25E276h98wDwYD
    VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAYHAkhqYOSndx4mqx88NHT
    uNTX+56kXbrSFeMbgdOyBwIhALunnKEnYrT1jImwyVIcR2rl5U/CtbfqFpCnT4Zs
    MOtD
    -----END CERTIFICATE-----
    """
  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEIoqwDhWwyNP0dzK
    MJbFMQroB8u1FJLbFK+jC57fUKmhRANCAATS0aQ0pkHKwtqOaDn3FRjZTVyM+goV
    7+g4fnpdMNUiSamkL1jMuNpeUw30Fr6Ye7kPPCPCVVMUr1Y94es3jhvH
    -----END PRIVATE KEY-----
    """
}
