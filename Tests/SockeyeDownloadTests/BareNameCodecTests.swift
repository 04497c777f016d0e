import NIOCore
import NIOEmbedded
import NIOHTTP1
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: the bare-name protocol")
struct BareNameCodecTests {
  private func channel(allowsAmbiguousReply: Bool = false) throws -> EmbeddedChannel {
    let url = try DownloadURL("tcp://h:1/x")
    let codec = BareNameCodec(url: url, name: [0x78], allowsAmbiguousReply: allowsAmbiguousReply)
    return EmbeddedChannel(handler: codec)
  }

  private func end(_ channel: EmbeddedChannel) {
    channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
  }

  /// The body of the response that has been read, if its end has.
  private func body(_ channel: EmbeddedChannel) throws -> [UInt8]? {
    var bytes: [UInt8] = []
    while let part = try channel.readInbound(as: HTTPClientResponsePart.self) {
      switch part {
      case .head: break
      case .body(let buffer): bytes += Array(buffer: buffer)
      case .end: return bytes
      }
    }
    return nil
  }

  @Test(
    "What comes until the end of the stream is the file",
    arguments: [[[0x31, 0x32]], [[0x31], [0x32]], [[0x30]]] as [[[UInt8]]]
  )
  func file(reads: [[UInt8]]) throws {
    let channel = try channel()
    for read in reads { try channel.writeInbound(ByteBuffer(bytes: read)) }
    end(channel)
    #expect(try body(channel) == Array(reads.joined()))
  }

  @Test("Nothing, and a single '1', may mean that there is no such file", arguments: [[], [0x31]] as [[UInt8]])
  func ambiguous(reply: [UInt8]) throws {
    let strict = try channel()
    if !reply.isEmpty { try strict.writeInbound(ByteBuffer(bytes: reply)) }
    end(strict)
    #expect { try strict.throwIfErrorCaught() } throws: { ($0 as? Failure)?.kind == .serverReported }
    #expect(try body(strict) == nil)
    let lenient = try channel(allowsAmbiguousReply: true)
    if !reply.isEmpty { try lenient.writeInbound(ByteBuffer(bytes: reply)) }
    end(lenient)
    #expect(try body(lenient) == reply)
  }

  @Test("The request is the name and nothing else")
  func request() throws {
    let channel = try channel()
    try channel.writeOutbound(HTTPClientRequestPart.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/x")))
    try channel.writeOutbound(HTTPClientRequestPart.end(nil))
    #expect(try channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "x"))
    #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
  }
}
