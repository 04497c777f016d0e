import NIOCore
import NIOHTTP1

/// Turns bytes into requests, by NIO's decoder, and keeps what a request still lacks the rest of.
///
/// A connection borrows one of these from its worker for as long as a request is under way. Between requests it needs none,
/// and that is where most connections are most of the time: ten thousand that lie idle share a few.
final class RequestDecoder {
  private enum State {
    case ready
    case decoding
    /// The connection ended by what is being read from it.
    case retiredWhileDecoding
    /// Nothing can be read with it any more.
    case over
  }

  private let decoder = HTTPRequestDecoder(
    leftOverBytesStrategy: .dropBytes,
    limitConfiguration: HTTPExchange.limits
  )
  private var state = State.ready
  private var partial = ByteBuffer()
  private var endsWithEmptyLine = false

  init(context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

  /// Gives back what the decoder holds. To be called once, and nothing after it.
  func retire(context: ChannelHandlerContext) {
    if case .decoding = state {
      state = .retiredWhileDecoding
    } else {
      state = .over
      decoder.decoderRemoved(context: context)
    }
  }

  /// Takes bytes, and passes the parts of requests in them to the next handler.
  ///
  /// - Returns: What NIO's decoder has not looked at: `keep(_:)` has it come first the next time.
  /// - Throws: `HTTPParserError`. The decoder is of no use afterwards.
  func decode(_ bytes: ByteBuffer, context: ChannelHandlerContext) throws -> ByteBuffer {
    endsWithEmptyLine = bytes.endsWithEmptyLine
    var bytes = partial.followed(by: bytes)
    partial = ByteBuffer()
    state = .decoding
    defer {
      if case .retiredWhileDecoding = state { decoder.decoderRemoved(context: context) }
      state = state == .decoding ? .ready : .over
    }
    _ = try decoder.decode(context: context, buffer: &bytes)
    return bytes
  }

  /// Keeps the beginning of something whose rest has not come.
  ///
  /// - Throws: `HTTPParserError.headerOverflow` if it is more than a request's head may have.
  func keep(_ bytes: ByteBuffer) throws {
    guard bytes.readableBytes <= HTTPExchange.largestHead else { throw HTTPParserError.headerOverflow }
    partial = bytes
  }

  /// Whether nothing of a request has been read that is not over, given that no request is being received.
  ///
  /// An empty line at the end of what came last leaves no doubt. After a body there may be some; then the answer is no.
  var isBetweenRequests: Bool { endsWithEmptyLine && partial.readableBytes == 0 && state == .ready }
}

/// Whose decoder a connection reads its requests with.
enum RequestDecoding {
  /// Nobody's: nothing has begun.
  case idle
  case borrowed(RequestDecoder)

  /// The decoder at hand, or one from the worker.
  mutating func decoder(from worker: ServiceWorker, _ context: ChannelHandlerContext) -> RequestDecoder {
    if case .borrowed(let decoder) = self { return decoder }
    let decoder = worker.borrowDecoder(context)
    self = .borrowed(decoder)
    return decoder
  }

  /// Gives the decoder back, if it is between requests.
  mutating func park(in worker: ServiceWorker, _ context: ChannelHandlerContext) {
    guard case .borrowed(let decoder) = self, decoder.isBetweenRequests else { return }
    self = .idle
    worker.giveBack(decoder, context: context)
  }

  /// Throws the decoder away.
  mutating func end(_ context: ChannelHandlerContext) {
    guard case .borrowed(let decoder) = self else { return }
    self = .idle
    decoder.retire(context: context)
  }
}

extension ByteBuffer {
  fileprivate var endsWithEmptyLine: Bool {
    withUnsafeReadableBytes { $0.suffix(4).elementsEqual([0x0d, 0x0a, 0x0d, 0x0a]) }
  }
}
