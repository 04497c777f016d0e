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

  init(context: ChannelHandlerContext) { self.decoder.decoderAdded(context: context) }

  /// Gives back what the decoder holds. To be called once, and nothing after it.
  ///
  /// A connection may end by what is read from it; then the decoder is in use, and ends after that.
  func retire(context: ChannelHandlerContext) {
    self.isRetired = true
    if !self.isDecoding { self.decoder.decoderRemoved(context: context) }
  }

  /// Takes bytes, and passes the parts of requests in them to the next handler.
  ///
  /// - Returns: What the decoder has left alone: nothing, unless it has stopped.
  /// - Throws: `HTTPParserError`. The decoder is of no use afterwards.
  func decode(_ bytes: ByteBuffer, context: ChannelHandlerContext) throws -> ByteBuffer? {
    self.endsWithEmptyLine = bytes.endsWithEmptyLine
    var bytes = bytes
    if self.partial.readableBytes > 0 {
      self.partial.writeBuffer(&bytes)
      swap(&self.partial, &bytes)
      self.partial = ByteBuffer()
    }
    self.isDecoding = true
    defer {
      self.isDecoding = false
      if self.isRetired { self.decoder.decoderRemoved(context: context) }
    }
    do {
      _ = try self.decoder.decode(context: context, buffer: &bytes)
      if self.hasStopped { return bytes.readableBytes > 0 ? bytes : nil }
      guard bytes.readableBytes <= HTTPExchange.largestHead else { throw HTTPParserError.headerOverflow }
    } catch {
      self.isBroken = true
      throw error
    }
    if bytes.readableBytes > 0 { self.partial = bytes }
    return nil
  }

  /// Whether nothing of a request has been read that is not over, given that no request is being received.
  ///
  /// An empty line at the end of what came last leaves no doubt. After a body there may be some; then the answer is no.
  var isBetweenRequests: Bool {
    self.endsWithEmptyLine && self.partial.readableBytes == 0 && !self.hasStopped && !self.isBroken
  }
}

extension ByteBuffer {
  fileprivate var endsWithEmptyLine: Bool {
    self.withUnsafeReadableBytes { $0.suffix(4).elementsEqual([0x0d, 0x0a, 0x0d, 0x0a]) }
  }
}
