/// Who stores the payload of a stream: what the application has written and the peer not acknowledged, or what has
/// arrived and the application not read. Positions count the bytes of the stream from zero.
///
/// A host is generic over it: rings for the C interface and small machines, reference-counted buffers where an
/// application has them, nothing at all for a simulation that runs by lengths.
public protocol StreamStorage: ~Copyable {
  /// Storage that holds nothing.
  init()
  /// Takes in the bytes from `offset` on. There may be a gap before them, and they may overlap what is held already, which
  /// they then equal.
  mutating func write(_ bytes: RawSpan, at offset: UInt64)
  /// Copies `count` bytes from `offset` on, which are held, to `position` of `destination`.
  borrowing func read(from offset: UInt64, count: Int, into destination: inout MutableRawSpan, at position: Int)
  /// Calls `body` with the bytes from `offset` on, in place: all `count` of them, which are held, or as many as lie in one
  /// piece.
  borrowing func withBytes<Result, Failure: Error>(
    from offset: UInt64,
    count: Int,
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result
  /// Lets go of everything before `offset`.
  mutating func discard(upTo offset: UInt64)
  /// Bytes of memory that are taken up beyond the value itself.
  var allocatedCount: Int { get }
}

/// Storage that takes in an application's own buffers by reference, and gives them out so: `Host.write(_:pushes:to:)` and
/// `Host.read(upTo:from:)` then copy nothing.
///
/// What arrives is written by `write(_:at:)`, once, into memory that such buffers are made of.
public protocol BufferedStreamStorage: StreamStorage, ~Copyable {
  /// Bytes in an application's hands: NIO's `ByteBuffer`, for one.
  associatedtype Buffer
  /// How many bytes a buffer has.
  static func count(of buffer: borrowing Buffer) -> Int
  /// Takes over the first `count` bytes of `buffer`, which has as many and keeps the rest. In the stream they stand at
  /// `offset`, where what was written before them ends.
  mutating func append(_ count: Int, of buffer: inout Buffer, at offset: UInt64)
  /// Gives out the bytes from `offset` on, which are held: all `count` of them, or as many as one buffer has, one at least.
  /// `discard(upTo:)` follows, which leaves the buffer whole.
  mutating func buffer(from offset: UInt64, count: Int) -> Buffer
}
