import NIOCore

/// What a client of `bench` asks for: the first sixteen bytes of a connection.
struct BenchRequest: Hashable {
  /// What the server is to do with the connection.
  enum Kind: UInt8 {
    /// Take what comes; at its end, answer with eight bytes that say how much it was.
    case discard = 1
    /// Send until the client goes.
    case source
    /// Send back what comes.
    case echo
    /// Send so many bytes back, and close.
    case exchange
    /// Answer each byte with a ``BenchStanding``.
    case processorTime
  }

  /// Why bytes are no request.
  struct NotARequest: Error {}

  static let length = 16
  /// "SOCKBEN", and the version of what is spoken.
  fileprivate static let mark: UInt64 = 0x534F_434B_4245_4E01

  let kind: Kind
  /// How many bytes an exchange has.
  var size: UInt32 = 0

  /// The request as it is sent.
  var bytes: ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(Self.mark, kind.rawValue, UInt8(0), UInt16(0), size)
    return buffer
  }

  /// Takes a request from the beginning of what has come; nil as long as it isn't whole.
  static func read(from buffer: inout ByteBuffer) throws(NotARequest) -> BenchRequest? {
    guard buffer.readableBytes >= length else { return nil }
    guard let (mark, code, _, _, size) = buffer.readMultipleIntegers(as: (UInt64, UInt8, UInt8, UInt16, UInt32).self),
      mark == Self.mark, let kind = Kind(rawValue: code)
    else { throw NotARequest() }
    return BenchRequest(kind: kind, size: size)
  }
}

/// How a server of `bench` stands: sixteen bytes, which also show that it is one.
struct BenchStanding: Hashable {
  /// How much of the processor it has used, in nanoseconds.
  let processorNanoseconds: UInt64

  var bytes: ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(BenchRequest.mark, processorNanoseconds)
    return buffer
  }

  /// Takes one from the beginning of what has come; nil as long as it isn't whole.
  static func read(from buffer: inout ByteBuffer) throws(BenchRequest.NotARequest) -> BenchStanding? {
    guard buffer.readableBytes >= 16 else { return nil }
    guard let (mark, used) = buffer.readMultipleIntegers(as: (UInt64, UInt64).self), mark == BenchRequest.mark else {
      throw BenchRequest.NotARequest()
    }
    return BenchStanding(processorNanoseconds: used)
  }
}

/// A datagram of `bench`: a mark, then the client's number, and whatever fills it. An answer bears another mark than a
/// question, so that two servers can't answer each other for ever.
enum BenchDatagram {
  static let shortest = 16
  /// "SBQ1" and "SBA1".
  private static let question: UInt32 = 0x5342_5131
  private static let answer: UInt32 = 0x5342_4131

  static func question(number: UInt64, size: Int, filler: ByteBuffer, allocator: ByteBufferAllocator) -> ByteBuffer {
    var buffer = allocator.buffer(capacity: size)
    buffer.writeMultipleIntegers(question, UInt32(0), number)
    var filler = filler
    if let rest = filler.readSlice(length: max(0, size - shortest)) { buffer.writeImmutableBuffer(rest) }
    return buffer
  }

  /// Makes a question the answer to it; nil of what is no question.
  static func answer(to datagram: ByteBuffer) -> ByteBuffer? {
    var datagram = datagram
    guard datagram.readableBytes >= shortest,
      datagram.getInteger(at: datagram.readerIndex, as: UInt32.self) == question
    else { return nil }
    datagram.setInteger(answer, at: datagram.readerIndex)
    return datagram
  }

  /// The number that an answer bears; nil of what is no answer.
  static func number(ofAnswer datagram: ByteBuffer) -> UInt64? {
    guard datagram.readableBytes >= shortest,
      datagram.getInteger(at: datagram.readerIndex, as: UInt32.self) == answer
    else { return nil }
    return datagram.getInteger(at: datagram.readerIndex + 8)
  }
}
