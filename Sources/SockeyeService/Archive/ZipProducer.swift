import Glibc
import NIOCore
import SockeyeText

/// A folder as a zip file that is made while it is sent: PKWARE's APPNOTE 6.3.10.
///
/// Files are stored, not compressed: what is worth sending in an archive is mostly compressed already, and the network is
/// rarely slower than a compressor. Sizes and checksums follow each file (general purpose bit 3), in 64 bits throughout,
/// so that no file has to be read twice. The central directory needs some bytes for each file until the end; past a
/// megabyte they wait in an unnamed temporary file.
final class ZipProducer: BodyProducer {
  private enum Phase {
    case items
    case contents(OpenedFile, entry: Entry, crc: CRC.Calculation, offset: Int64)
    case directory
    case done
  }

  private struct Entry {
    let name: [UInt8]
    let modifiedSeconds: Int64
    let mode: UInt32
    let headerOffset: Int64
  }

  private let walk: FolderWalk
  private var phase = Phase.items
  private var written: Int64 = 0
  private var entries: Int64 = 0
  private var directory = SpillBuffer()
  private var directoryOffset: Int64 = 0

  init(_ walk: FolderWalk) { self.walk = walk }

  func next(_ allocator: ByteBufferAllocator) throws -> ByteBuffer? {
    var buffer = allocator.buffer(capacity: Self.piece + 4096)
    while buffer.readableBytes < Self.piece {
      switch phase {
      case .items: try nextItem(&buffer)
      case .contents(let file, let entry, let crc, let offset):
        try nextContents(file, entry, crc, offset, &buffer)
      case .directory:
        let count = try directory.read(into: &buffer, upTo: Self.piece)
        written += Int64(count)
        if count == 0 {
          writeEnd(&buffer)
          phase = .done
        }
      case .done:
        return buffer.readableBytes == 0 ? nil : buffer
      }
    }
    return buffer
  }

  private static let piece = 128 << 10

  private func nextItem(_ buffer: inout ByteBuffer) throws {
    guard let item = walk.next() else {
      directoryOffset = written
      phase = .directory
      return
    }
    let before = buffer.writerIndex
    switch item {
    case .folder(let relative, let modified):
      let entry = Entry(name: relative, modifiedSeconds: modified, mode: 0o040_755, headerOffset: written)
      writeLocalHeader(entry, isFolder: true, &buffer)
      written += Int64(buffer.writerIndex - before)
      try remember(entry, crc: 0, size: 0, isFolder: true)
    case .file(let file, let relative):
      let entry = Entry(
        name: relative,
        modifiedSeconds: file.metadata.modifiedSeconds,
        mode: file.metadata.isExecutable ? 0o100_755 : 0o100_644,
        headerOffset: written
      )
      writeLocalHeader(entry, isFolder: false, &buffer)
      written += Int64(buffer.writerIndex - before)
      phase = .contents(file, entry: entry, crc: CRC.crc32.calculation(), offset: 0)
    }
  }

  private func nextContents(
    _ file: OpenedFile,
    _ entry: Entry,
    _ crc: CRC.Calculation,
    _ offset: Int64,
    _ buffer: inout ByteBuffer
  ) throws {
    let before = buffer.writerIndex
    // No more than the file had when it was opened: one that grows all the time would never end.
    let limit = Int(min(Int64(Self.piece), file.metadata.size - offset))
    let count = limit > 0 ? try file.read(into: &buffer, at: offset, count: limit) : 0
    guard count > 0 else {
      buffer.writeLittle(UInt32(0x0807_4b50))
      buffer.writeLittle(crc.value)
      buffer.writeLittle(offset)
      buffer.writeLittle(offset)
      written += Int64(buffer.writerIndex - before)
      phase = .items
      return try remember(entry, crc: crc.value, size: offset, isFolder: false)
    }
    var crc = crc
    buffer.viewBytes(at: before, length: count)?.withUnsafeBytes { crc.update($0) }
    written += Int64(count)
    phase = .contents(file, entry: entry, crc: crc, offset: offset + Int64(count))
  }

  // MARK: Records

  private func writeLocalHeader(_ entry: Entry, isFolder: Bool, _ buffer: inout ByteBuffer) {
    buffer.writeLittle(UInt32(0x0403_4b50))
    writeCommon(entry, crc: 0, isFolder: isFolder, sizes: isFolder ? 0 : .max, &buffer)
    buffer.writeLittle(UInt16(isFolder ? 0 : 20))
    buffer.writeBytes(entry.name)
    guard !isFolder else { return }
    // Zip64: the descriptor after the contents has sizes of eight bytes.
    buffer.writeLittle(UInt16(1))
    buffer.writeLittle(UInt16(16))
    buffer.writeLittle(UInt64(0))
    buffer.writeLittle(UInt64(0))
  }

  /// What local headers and the central directory have in common, from "version needed" to the name's length.
  private func writeCommon(_ entry: Entry, crc: UInt32, isFolder: Bool, sizes: UInt32, _ buffer: inout ByteBuffer) {
    let (date, time) = Self.dosTime(entry.modifiedSeconds)
    buffer.writeLittle(UInt16(45))
    // Bit 3: sizes follow. Bit 11: the name is UTF-8.
    let isUTF8 = String(validating: entry.name, as: UTF8.self) != nil
    buffer.writeLittle(UInt16(isFolder ? 0 : 8) | UInt16(isUTF8 ? 0x800 : 0))
    buffer.writeLittle(UInt16(0))
    buffer.writeLittle(time)
    buffer.writeLittle(date)
    buffer.writeLittle(crc)
    buffer.writeLittle(sizes)
    buffer.writeLittle(sizes)
    buffer.writeLittle(UInt16(clamping: entry.name.count))
  }

  private func remember(_ entry: Entry, crc: UInt32, size: Int64, isFolder: Bool) throws {
    var record = ByteBuffer()
    record.writeLittle(UInt32(0x0201_4b50))
    // Made on Unix, so that the mode counts.
    record.writeLittle(UInt16(3 << 8 | 45))
    writeCommon(entry, crc: crc, isFolder: isFolder, sizes: .max, &record)
    record.writeLittle(UInt16(28))
    record.writeLittle(UInt16(0))
    record.writeLittle(UInt16(0))
    record.writeLittle(UInt16(0))
    record.writeLittle(entry.mode << 16 | (isFolder ? 0x10 : 0))
    record.writeLittle(UInt32.max)
    record.writeBytes(entry.name)
    record.writeLittle(UInt16(1))
    record.writeLittle(UInt16(24))
    record.writeLittle(size)
    record.writeLittle(size)
    record.writeLittle(entry.headerOffset)
    entries += 1
    try directory.append(record)
  }

  private func writeEnd(_ buffer: inout ByteBuffer) {
    let end = written
    let size = end - directoryOffset
    buffer.writeLittle(UInt32(0x0606_4b50))
    buffer.writeLittle(UInt64(44))
    buffer.writeLittle(UInt16(3 << 8 | 45))
    buffer.writeLittle(UInt16(45))
    buffer.writeLittle(UInt32(0))
    buffer.writeLittle(UInt32(0))
    buffer.writeLittle(entries)
    buffer.writeLittle(entries)
    buffer.writeLittle(size)
    buffer.writeLittle(directoryOffset)
    // The locator of the record above, then the record that every zip file ends with.
    buffer.writeLittle(UInt32(0x0706_4b50))
    buffer.writeLittle(UInt32(0))
    buffer.writeLittle(end)
    buffer.writeLittle(UInt32(1))
    buffer.writeLittle(UInt32(0x0605_4b50))
    buffer.writeLittle(UInt16(0))
    buffer.writeLittle(UInt16(0))
    buffer.writeLittle(UInt16.max)
    buffer.writeLittle(UInt16.max)
    buffer.writeLittle(UInt32.max)
    buffer.writeLittle(UInt32.max)
    buffer.writeLittle(UInt16(0))
  }

  /// The date and time of MS-DOS, which begin in 1980 and know no zones; UTC is used.
  private static func dosTime(_ seconds: Int64) -> (date: UInt16, time: UInt16) {
    var broken = tm()
    var seconds = time_t(seconds)
    gmtime_r(&seconds, &broken)
    guard broken.tm_year >= 80, broken.tm_year < 208 else { return (1 << 5 | 1, 0) }
    let date = (Int(broken.tm_year) - 80) << 9 | (Int(broken.tm_mon) + 1) << 5 | Int(broken.tm_mday)
    let time = Int(broken.tm_hour) << 11 | Int(broken.tm_min) << 5 | min(Int(broken.tm_sec), 59) / 2
    return (UInt16(clamping: date), UInt16(clamping: time))
  }
}

extension ByteBuffer {
  /// Bytes that were written already.
  fileprivate func viewBytes(at index: Int, length: Int) -> ByteBufferView? {
    getSlice(at: index, length: length)?.readableBytesView
  }
}
