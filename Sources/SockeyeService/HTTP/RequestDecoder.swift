import NIOCore
import NIOHTTP1

/// Turns bytes into requests, by NIO's decoder, and keeps what a request still lacks the rest of.
///
/// A connection borrows one of these from its worker for as long as a request is under way. Between requests it needs none,
/// and that is where most connections are most of the time: ten thousand that lie idle share a few.
final class RequestDecoder {
  private let decoder = HTTPRequestDecoder(
    leftOverBytesStrategy: .dropBytes,
    limitConfiguration: HTTPExchange.limits
  )
  private var partial = ByteBuffer()
  private var endsWithEmptyLine = false
  private var isBroken = false
  private var isDecoding = false
  private var isRetired = false

  /// Whether NIO's decoder has stopped at the end of a request that offered an upgrade. It takes what follows for another
  /// protocol; to a server that does not upgrade it is the next request (RFC 9110, section 7.8).
  var hasStopped = false

  init(context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

  /// Gives back what the decoder holds. To be called once, and nothing after it.
  ///
  /// A connection may end by what is read from it; then the decoder is in use, and ends after that.
  func retire(context: ChannelHandlerContext) {
    isRetired = true
    if !self.isDecoding { decoder.decoderRemoved(context: context) }
  }

  /// Takes bytes, and passes the parts of requests in them to the next handler.
  ///
  /// - Returns: What the decoder has left alone: nothing, unless it has stopped.
  /// - Throws: `HTTPParserError`. The decoder is of no use afterwards.
  func decode(_ bytes: ByteBuffer, context: ChannelHandlerContext) throws -> ByteBuffer? {
    endsWithEmptyLine = bytes.endsWithEmptyLine
    var bytes = bytes
    if partial.readableBytes > 0 {
      partial.writeBuffer(&bytes)
      swap(&partial, &bytes)
      partial = ByteBuffer()
    }
    isDecoding = true
    defer {
      isDecoding = false
      if isRetired { decoder.decoderRemoved(context: context) }
    }
    do {
      _ = try decoder.decode(context: context, buffer: &bytes)
      if hasStopped { return bytes.readableBytes > 0 ? bytes : nil }
      guard bytes.readableBytes <= HTTPExchange.largestHead else { throw HTTPParserError.headerOverflow }
    } catch {
      isBroken = true
      throw error
    }
    if bytes.readableBytes > 0 { partial = bytes }
    return nil
  }

  /// Whether nothing of a request has been read that is not over, given that no request is being received.
  ///
  /// An empty line at the end of what came last leaves no doubt. After a body there may be some; then the answer is no.
  var isBetweenRequests: Bool {
    endsWithEmptyLine && partial.readableBytes == 0 && !self.hasStopped && !self.isBroken
  }
}

extension ByteBuffer {
  fileprivate var endsWithEmptyLine: Bool {
    withUnsafeReadableBytes { $0.suffix(4).elementsEqual([0x0d, 0x0a, 0x0d, 0x0a]) }
  }
}
