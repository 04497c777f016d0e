import NIOCore
import SockeyeTransport
import Synchronization

/// What a text's bytes are, as far as they show it.
enum TextEncoding: Hashable, Sendable {
  case utf8
  case utf16
  /// Some encoding of old: only a reader can tell which.
  case unknown

  /// Judges what encoding bytes are in. A mark at the beginning counts, then whether they are UTF-8.
  ///
  /// - Parameter isWhole: Whether the text ends with them. If not, a character may be cut at their end.
  init(_ bytes: some BidirectionalCollection<UInt8>, isWhole: Bool) {
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      self = .utf16
      return
    }
    var text = bytes[...]
    if !isWhole {
      let tail = text.suffix(3)
      if let lead = tail.lastIndex(where: { (0xc2...0xf4).contains($0) }) {
        let length = text[lead] >= 0xf0 ? 4 : text[lead] >= 0xe0 ? 3 : 2
        if text.distance(from: lead, to: text.endIndex) < length { text = text[..<lead] }
      }
    }
    self = String(validating: text, as: UTF8.self) == nil ? .unknown : .utf8
  }

  /// A media type with what is known of the text's encoding.
  func label(_ type: String) -> String {
    switch self {
    case .utf8: type + "; charset=utf-8"
    case .utf16: type + "; charset=utf-16"
    case .unknown: type
    }
  }
}

/// The encodings of files, remembered for as long as device, inode, size and time of the last write stay what they were.
final class TextEncodingCache: Sendable {
  private let known = Mutex<[FileMetadata: TextEncoding]>([:])
  private let pool: BlockingThreads

  /// The most files that are remembered.
  private static let capacity = 16_384
  /// How many bytes of a larger text have to tell.
  private static let largestSample = 1 << 20

  /// - Parameter pool: Threads that may wait for a disk.
  init(pool: BlockingThreads) { self.pool = pool }

  /// What is remembered, or what the bytes in the page cache tell; `nil` if a disk has to be waited for.
  func encoding(of file: OpenedFile) -> TextEncoding? {
    if let encoding = known.withLock({ $0[file.metadata] }) { return encoding }
    let count = Self.sampleSize(file)
    var buffer = ByteBuffer()
    guard count == 0 || file.readCached(into: &buffer, at: 0, count: count) == count else { return nil }
    return remember(buffer, of: file)
  }

  /// Finds out the encoding, waiting for a disk.
  func find(of file: OpenedFile, on worker: ServiceWorker, then body: @escaping (TextEncoding) -> Void) {
    pool.run(on: worker.eventLoop) {
      var buffer = ByteBuffer()
      _ = try file.read(into: &buffer, at: 0, count: Self.sampleSize(file))
      return self.remember(buffer, of: file)
    }.assumeIsolated().whenComplete { body((try? $0.get()) ?? .unknown) }
  }

  private static func sampleSize(_ file: OpenedFile) -> Int { Int(min(file.metadata.size, Int64(largestSample))) }

  private func remember(_ sample: ByteBuffer, of file: OpenedFile) -> TextEncoding {
    let isWhole = Int64(sample.readableBytes) >= file.metadata.size
    let encoding = TextEncoding(sample.readableBytesView, isWhole: isWhole)
    known.withLock { known in
      if known.count >= Self.capacity { known.removeAll() }
      known[file.metadata] = encoding
    }
    return encoding
  }
}
