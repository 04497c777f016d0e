import NIOCore
import SockeyeText

/// Writes a folder's listing, a batch of entries at a time.
///
/// The entries of a batch are sorted, folders first. Most folders are one batch; of a larger one no more than a batch is
/// ever in memory, and the page's script sorts the whole.
final class ListingProducer: BodyProducer {
  private let reader: FolderReader
  private let format: any ListingFormat
  private var phase = Phase.opening
  private var isFirstEntry = true

  private enum Phase { case opening, entries, closed }

  /// How many entries are sorted together.
  static let batch = 10_000
  private var pending: ArraySlice<FolderEntry> = []
  private var isAtEnd = false

  init(_ reader: FolderReader, format: any ListingFormat) {
    self.reader = reader
    self.format = format
  }

  func next(_ allocator: ByteBufferAllocator) throws -> ByteBuffer? {
    guard phase != .closed else { return nil }
    var buffer = allocator.buffer(capacity: 64 << 10)
    if phase == .opening {
      format.open(&buffer)
      phase = .entries
    }
    while buffer.readableBytes < 48 << 10 {
      guard let entry = nextEntry() else {
        format.close(&buffer, isCut: false)
        phase = .closed
        break
      }
      format.entry(entry, isFirst: isFirstEntry, &buffer)
      isFirstEntry = false
    }
    return buffer
  }

  private func nextEntry() -> FolderEntry? {
    if pending.isEmpty, !self.isAtEnd {
      var batch: [FolderEntry] = []
      while batch.count < Self.batch {
        guard let entry = reader.next() else {
          isAtEnd = true
          break
        }
        batch.append(entry)
      }
      batch.sort { left, right in
        left.isDirectory != right.isDirectory ? left.isDirectory : NaturalOrder.precedes(left.name, right.name)
      }
      pending = batch[...]
    }
    return pending.popFirst()
  }
}

/// How a listing is written.
protocol ListingFormat: Sendable {
  func open(_ buffer: inout ByteBuffer)
  func entry(_ entry: FolderEntry, isFirst: Bool, _ buffer: inout ByteBuffer)
  /// - Parameter isCut: Whether there is more than was shown.
  func close(_ buffer: inout ByteBuffer, isCut: Bool)
}

/// One name a line; folders end with a slash.
struct PlainListing: ListingFormat {
  func open(_ buffer: inout ByteBuffer) {}

  func entry(_ entry: FolderEntry, isFirst: Bool, _ buffer: inout ByteBuffer) {
    // A name with a line's end in it must not look like two, and a terminal must not be moved.
    let shown = entry.text.unicodeScalars.map { scalar -> Unicode.Scalar in
      let isJoiner = scalar == "\u{200c}" || scalar == "\u{200d}"
      return VisibleText.isUnsafe(scalar) && !isJoiner ? "?" : scalar
    }
    buffer.writeString(String(String.UnicodeScalarView(shown)))
    buffer.writeString(entry.isDirectory ? "/\n" : "\n")
  }

  func close(_ buffer: inout ByteBuffer, isCut: Bool) {}
}

/// What `sockeye get --recursive` reads, and scripts.
struct JSONListing: ListingFormat {
  let path: ResourcePath

  func open(_ buffer: inout ByteBuffer) {
    buffer.writeString("{\"v\":1,\"path\":\(JSONText.quoted(path.displayText)),\"entries\":[")
  }

  func entry(_ entry: FolderEntry, isFirst: Bool, _ buffer: inout ByteBuffer) {
    buffer.writeString(isFirst ? "\n" : ",\n")
    buffer.writeString("{\"name\":\(JSONText.quoted(entry.text)),\"href\":\(JSONText.quoted(entry.reference))")
    buffer.writeString(",\"type\":\(entry.isDirectory ? "\"directory\"" : "\"file\"")")
    if !entry.isDirectory { buffer.writeString(",\"size\":\(entry.size)") }
    buffer.writeString(",\"modified\":\"\(HTTPDate.internetText(entry.modifiedSeconds))\"}")
  }

  func close(_ buffer: inout ByteBuffer, isCut: Bool) {
    buffer.writeString(isCut ? "\n],\"cut\":true}\n" : "\n]}\n")
  }
}

extension ResourcePath {
  /// The path for people: it begins with a slash, and ends with one if it names a directory.
  var displayText: String {
    bytes.isEmpty ? "/" : "/" + String(decoding: bytes, as: UTF8.self) + (namesDirectory ? "/" : "")
  }
}
