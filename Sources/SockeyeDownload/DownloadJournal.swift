internal import Crypto
internal import NIOCore
internal import SockeyeText

/// What is known for sure about a download that isn't finished, written beside it as `NAME.part.journal`.
///
/// The file begins with ``magic``. Records follow, each only ever appended:
///
///     length    4 bytes, little-endian: that of the body
///     checksum  8 bytes: the first of SHA-256(the checksum of the record before, the length, the body)
///     body      a kind, 1 byte, and its fields: numbers little-endian, strings behind a length of 4 bytes
///
///     1 begin       URL, size (2^64-1: unknown), entity tag, Last-Modified, digest, media type, content
///                   coding: of which file the records that follow are. It makes all records before it void.
///     2 checkpoint  SHA-256 state: eight words, count (8), length of the remainder (1), remainder; number of ranges
///                   (2), the ends of each (8, 8): bytes 0 to count are on the disk and have this state, and so are
///                   the bytes of the ranges, not hashed yet.
///     3 whole       digest (32), size (8), inode (8): the file is complete, and about to get its final name.
///
/// A checkpoint is written after the bytes that it speaks of have been synced, so that it never promises too much. A
/// record that was cut by a kill or a power failure doesn't have its checksum: it and what follows count for nothing,
/// which costs the time since the record before it. The checksums form a chain, so that no record can stand where it
/// wasn't written.
struct DownloadJournal: Equatable, Sendable {
  static let magic: [UInt8] = Array("sockeye journal 1\n".utf8)

  /// The length in bytes that no record exceeds.
  static let longestRecord = 1 << 16

  /// Of which file the journal is.
  struct Identity: Equatable, Sendable {
    var url: String
    var file: FileIdentity
  }

  /// How far the download is.
  struct Checkpoint: Equatable, Sendable {
    /// The bytes from the first on that are on the disk, and their state.
    var state: ResumableSHA256.State
    /// Ranges of bytes further on that are on the disk too.
    var held: [Range<UInt64>]
  }

  /// The file as it was when it was about to get its final name.
  struct Whole: Equatable, Sendable {
    var digest: SHA256Sum
    var size: UInt64
    var inode: UInt64
  }

  enum Record: Equatable, Sendable {
    case begin(Identity)
    case checkpoint(Checkpoint)
    case whole(Whole)
  }

  /// The last beginning, where there is one.
  private(set) var identity: Identity?
  /// The last checkpoint since.
  private(set) var checkpoint: Checkpoint?
  /// The state of the checkpoint before it, which proves the bytes between the two.
  private(set) var stateBefore = ResumableSHA256.State.initial
  /// Whether the download was complete.
  private(set) var whole: Whole?
  /// How many bytes of the file hold good; what follows is to be cut off.
  private(set) var validLength = 0
  /// The checksum of the last good record: the next one's is chained to it.
  private(set) var link: [UInt8] = Self.magic

  /// Reads a journal; nothing when it isn't one.
  ///
  /// An empty one, and one whose magic was cut, has no identity and a valid length of 0.
  init?(_ bytes: [UInt8]) {
    guard bytes.starts(with: Self.magic) else {
      guard Self.magic.starts(with: bytes) else { return nil }
      return
    }
    validLength = Self.magic.count
    var buffer = ByteBuffer(bytes: bytes.dropFirst(Self.magic.count))
    while let (record, link, length) = Self.readRecord(&buffer, after: self.link) {
      self.link = link
      validLength += length
      take(record)
    }
  }

  /// A new one.
  init() {}

  private mutating func take(_ record: Record) {
    switch record {
    case .begin(let identity):
      self.identity = identity
      self.checkpoint = nil
      stateBefore = .initial
      self.whole = nil
    case .checkpoint(let checkpoint):
      if let last = self.checkpoint { stateBefore = last.state }
      self.checkpoint = checkpoint
    case .whole(let whole): self.whole = whole
    }
  }

  /// Adds a record.
  ///
  /// - Returns: The bytes to append to the file.
  mutating func append(_ record: Record) -> ByteBuffer {
    var output = ByteBuffer()
    if validLength == 0 { output.writeBytes(Self.magic) }
    var body = ByteBuffer()
    Self.encode(record, into: &body)
    let length = UInt32(truncatingIfNeeded: body.readableBytes)
    link = Self.checksum(after: link, length: length, body: body.readableBytesView)
    output.writeInteger(length, endianness: .little)
    output.writeBytes(link)
    output.writeBuffer(&body)
    validLength += output.readableBytes
    take(record)
    return output
  }

  // MARK: Bytes

  private static func checksum(after link: [UInt8], length: UInt32, body: ByteBufferView) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: link)
    withUnsafeBytes(of: length.littleEndian) { hash.update(bufferPointer: $0) }
    body.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return Array(hash.finalize().prefix(8))
  }

  private static func readRecord(_ buffer: inout ByteBuffer, after link: [UInt8]) -> (Record, [UInt8], Int)? {
    var attempt = buffer
    guard let length = attempt.readInteger(endianness: .little, as: UInt32.self), length <= longestRecord,
      let checksum = attempt.readBytes(length: 8), var body = attempt.readSlice(length: Int(length)),
      checksum == self.checksum(after: link, length: length, body: body.readableBytesView),
      let record = decode(&body)
    else { return nil }
    let consumed = buffer.readableBytes - attempt.readableBytes
    buffer = attempt
    return (record, checksum, consumed)
  }

  private static func encode(_ record: Record, into buffer: inout ByteBuffer) {
    switch record {
    case .begin(let identity):
      let file = identity.file
      buffer.writeInteger(UInt8(1))
      write(Array(identity.url.utf8.prefix(16_384)), into: &buffer)
      buffer.writeInteger(file.size ?? .max, endianness: .little)
      write(Array((file.entityTag ?? "").utf8), into: &buffer)
      write(Array((file.lastModified ?? "").utf8), into: &buffer)
      write(file.digest?.bytes ?? [], into: &buffer)
      write(Array((file.mediaType ?? "").utf8), into: &buffer)
      write(Array((file.coding ?? "").utf8), into: &buffer)
    case .checkpoint(let checkpoint):
      buffer.writeInteger(UInt8(2))
      for word in checkpoint.state.words { buffer.writeInteger(word, endianness: .little) }
      buffer.writeInteger(checkpoint.state.count, endianness: .little)
      buffer.writeInteger(UInt8(truncatingIfNeeded: checkpoint.state.remainder.count))
      buffer.writeBytes(checkpoint.state.remainder)
      // What doesn't fit is downloaded again; there are as many ranges as connections, not thousands.
      let held = checkpoint.held.prefix(1024)
      buffer.writeInteger(UInt16(held.count), endianness: .little)
      for range in held {
        buffer.writeInteger(range.lowerBound, endianness: .little)
        buffer.writeInteger(range.upperBound, endianness: .little)
      }
    case .whole(let whole):
      buffer.writeInteger(UInt8(3))
      buffer.writeBytes(whole.digest.bytes)
      buffer.writeInteger(whole.size, endianness: .little)
      buffer.writeInteger(whole.inode, endianness: .little)
    }
  }

  private static func decode(_ buffer: inout ByteBuffer) -> Record? {
    switch buffer.readInteger(as: UInt8.self) {
    case 1:
      guard let url = readString(&buffer), let size = buffer.readInteger(endianness: .little, as: UInt64.self),
        let tag = readString(&buffer), let date = readString(&buffer), let digest = readBytes(&buffer)
      else { return nil }
      let mediaType = readString(&buffer) ?? ""
      let coding = readString(&buffer) ?? ""
      let file = FileIdentity(
        size: size == .max ? nil : size,
        entityTag: tag.isEmpty ? nil : tag,
        lastModified: date.isEmpty ? nil : date,
        digest: SHA256Sum(bytes: digest),
        mediaType: mediaType.isEmpty ? nil : mediaType,
        coding: coding.isEmpty ? nil : coding
      )
      return .begin(Identity(url: url, file: file))
    case 2:
      var words: [UInt32] = []
      for _ in 0..<8 {
        guard let word = buffer.readInteger(endianness: .little, as: UInt32.self) else { return nil }
        words.append(word)
      }
      guard let count = buffer.readInteger(endianness: .little, as: UInt64.self),
        let length = buffer.readInteger(as: UInt8.self), let remainder = buffer.readBytes(length: Int(length)),
        UInt64(length) == count % UInt64(ResumableSHA256.blockSize),
        let ranges = buffer.readInteger(endianness: .little, as: UInt16.self)
      else { return nil }
      var held: [Range<UInt64>] = []
      for _ in 0..<ranges {
        guard let lower = buffer.readInteger(endianness: .little, as: UInt64.self),
          let upper = buffer.readInteger(endianness: .little, as: UInt64.self), lower < upper
        else { return nil }
        held.append(lower..<upper)
      }
      return .checkpoint(Checkpoint(state: .init(words: words, remainder: remainder, count: count), held: held))
    case 3:
      guard let bytes = buffer.readBytes(length: 32), let digest = SHA256Sum(bytes: bytes),
        let size = buffer.readInteger(endianness: .little, as: UInt64.self),
        let inode = buffer.readInteger(endianness: .little, as: UInt64.self)
      else { return nil }
      return .whole(Whole(digest: digest, size: size, inode: inode))
    default: return nil
    }
  }

  private static func write(_ bytes: [UInt8], into buffer: inout ByteBuffer) {
    let bytes = bytes.prefix(16_384)
    buffer.writeInteger(UInt32(bytes.count), endianness: .little)
    buffer.writeBytes(bytes)
  }

  private static func readBytes(_ buffer: inout ByteBuffer) -> [UInt8]? {
    guard let length = buffer.readInteger(endianness: .little, as: UInt32.self), length <= longestRecord
    else { return nil }
    return buffer.readBytes(length: Int(length))
  }

  private static func readString(_ buffer: inout ByteBuffer) -> String? {
    readBytes(&buffer).map { String(decoding: $0, as: UTF8.self) }
  }
}
