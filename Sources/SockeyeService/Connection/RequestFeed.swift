import Glibc
import NIOCore
import NIOHTTP1

/// The bytes of requests that have come and not been looked at yet.
///
/// Requests that are pipelined wait here in small slices, so that a client that asks without reading costs no more than
/// one read's worth of memory.
struct RequestFeed {
  private enum Flow {
    /// What comes is passed on.
    case open
    /// What comes is kept back while a request is answered.
    case held
    /// What comes is kept back until the client has read what it was sent.
    case heldUntilWritable
    /// Nothing that comes is of interest.
    case closed
  }

  private var flow = Flow.open
  private var waiting: ByteBuffer?
  /// Whether slices are being taken, so that whoever lets go of the flow need not begin to.
  private(set) var isFeeding = false
  private var readIsOwed = false
  /// Whether the line of the current request has no end yet.
  private var isInRequestLine = true

  private static let largestSlice = 4096

  // MARK: Bytes

  /// Whether nothing waits.
  var isEmpty: Bool { waiting == nil }

  /// Takes bytes that have come.
  mutating func take(_ bytes: ByteBuffer) {
    if case .closed = flow { return }
    waiting.setOrWriteImmutableBuffer(bytes)
  }

  /// Begins to take slices; `false` when there are none to take, or somebody is at it.
  mutating func begin() -> Bool {
    guard !self.isFeeding, case .open = flow, waiting != nil else { return false }
    isFeeding = true
    return true
  }

  /// The next slice; `nil` ends what `begin()` began.
  ///
  /// - Parameter isBody: Whether the bytes are a body's, which is taken as it comes.
  mutating func next(isBody: Bool) -> ByteBuffer? {
    guard case .open = flow, var bytes = waiting else {
      isFeeding = false
      return nil
    }
    waiting = nil
    let slice = bytes.readSlice(length: isBody ? bytes.readableBytes : min(Self.largestSlice, bytes.readableBytes))
    waiting = bytes.readableBytes > 0 ? bytes : nil
    if let slice, isInRequestLine { isInRequestLine = !Self.hasLineEnd(slice) }
    return slice
  }

  /// Takes back the end of a slice.
  mutating func putBack(_ bytes: ByteBuffer) {
    guard bytes.readableBytes > 0 else { return }
    waiting = waiting.map { bytes.followed(by: $0) } ?? bytes
  }

  /// The next slice is the beginning of a request.
  mutating func requestEnded() { isInRequestLine = true }

  private static func hasLineEnd(_ slice: ByteBuffer) -> Bool {
    slice.withUnsafeReadableBytes { bytes in
      bytes.baseAddress.map { memchr($0, CInt(UInt8(ascii: "\n")), bytes.count) != nil } ?? false
    }
  }

  // MARK: Flow

  /// Keeps further bytes back: a request is being answered.
  mutating func hold() {
    if case .open = flow { flow = .held }
  }

  /// Keeps further bytes back until the client has read what it was sent.
  mutating func holdUntilWritable() {
    if case .closed = flow { return }
    flow = .heldUntilWritable
  }

  /// Lets bytes through again.
  mutating func release() {
    if case .closed = flow { return }
    flow = .open
  }

  /// Whether the client's reading is what is waited for.
  var isHeldUntilWritable: Bool {
    if case .heldUntilWritable = flow { true } else { false }
  }

  /// Drops what waits, and whatever will come.
  mutating func close() {
    flow = .closed
    waiting = nil
  }

  /// Whether the channel may read; if not, it is remembered that it wanted to.
  mutating func mayRead() -> Bool {
    if case .closed = flow { return true }
    guard case .open = flow, waiting == nil else {
      readIsOwed = true
      return false
    }
    return true
  }

  /// Whether a read that was refused may take place.
  mutating func takeOwedRead() -> Bool {
    guard readIsOwed, mayRead() else { return false }
    readIsOwed = false
    return true
  }

  // MARK: What is no request

  /// How bytes that are no request are answered; `nil` for an error that says nothing about them.
  func status(of error: any Error, in slice: ByteBuffer) -> HTTPStatus? {
    switch error {
    case HTTPParserError.headerOverflow: isInRequestLine ? .targetTooLong : .headersTooLarge
    case HTTPParserError.invalidMethod where Self.beginsWithMethod(slice): .methodNotAllowed
    case is HTTPParserError: .badRequest
    default: nil
    }
  }

  /// Whether bytes begin with a method's name, known or not: RFC 9110, section 5.6.2.
  private static func beginsWithMethod(_ slice: ByteBuffer) -> Bool {
    guard let space = slice.readableBytesView.firstIndex(of: UInt8(ascii: " ")) else { return false }
    let token = slice.readableBytesView[..<space]
    return !token.isEmpty && token.allSatisfy { (0x21...0x7e).contains($0) && !Self.delimiters.contains($0) }
  }

  private static let delimiters = Array("\"(),/:;<=>?@[\\]{}".utf8)
}
