import NIOCore

/// A folder as a tar archive that is made while it is sent: POSIX.1-2001 (ustar, with pax headers where a name or a size
/// does not fit).
///
/// A tar header says beforehand how long a file is. When a file turns out shorter the response is cut, rather than filled
/// up with bytes that were never in it.
final class TarProducer: BodyProducer {
  private enum Phase {
    case items
    case contents(OpenedFile, offset: Int64)
    case done
  }

  /// A file ended before its header said that it would.
  struct Shrunk: Error {}

  private let walk: FolderWalk
  private var phase = Phase.items

  private static let piece = 128 << 10
  private static let block = 512

  init(_ walk: FolderWalk) { self.walk = walk }

  func next(_ allocator: ByteBufferAllocator) throws -> ByteBuffer? {
    var buffer = allocator.buffer(capacity: Self.piece + 4096)
    while buffer.readableBytes < Self.piece {
      switch phase {
      case .items:
        switch walk.next() {
        case .folder(let relative, let modified)?:
          writeHeader(relative, size: 0, modifiedSeconds: modified, type: "5", mode: 0o755, &buffer)
        case .file(let file, let relative)?:
          let metadata = file.metadata
          writeHeader(
            relative,
            size: metadata.size,
            modifiedSeconds: metadata.modifiedSeconds,
            type: "0",
            mode: metadata.isExecutable ? 0o755 : 0o644,
            &buffer
          )
          phase = .contents(file, offset: 0)
        case nil:
          buffer.writeRepeatingByte(0, count: 2 * Self.block)
          phase = .done
        }
      case .contents(let file, let offset):
        let left = file.metadata.size - offset
        guard left > 0 else {
          let over = Int(offset % Int64(Self.block))
          if over > 0 { buffer.writeRepeatingByte(0, count: Self.block - over) }
          phase = .items
          continue
        }
        let count = try file.read(into: &buffer, at: offset, count: Int(min(left, Int64(Self.piece))))
        guard count > 0 else { throw Shrunk() }
        phase = .contents(file, offset: offset + Int64(count))
      case .done:
        return buffer.readableBytes == 0 ? nil : buffer
      }
    }
    return buffer
  }

  private func writeHeader(
    _ name: [UInt8],
    size: Int64,
    modifiedSeconds: Int64,
    type: Unicode.Scalar,
    mode: Int64,
    _ buffer: inout ByteBuffer
  ) {
    var records: [UInt8] = []
    if name.count > 100 { records += Self.record("path", name) }
    if size > 0o77777777777 { records += Self.record("size", Array(String(size).utf8)) }
    if modifiedSeconds < 0 { records += Self.record("mtime", Array(String(modifiedSeconds).utf8)) }
    if !records.isEmpty {
      writeBlock(
        Array("pax/header".utf8),
        size: Int64(records.count),
        modifiedSeconds: 0,
        type: "x",
        mode: 0o644,
        &buffer
      )
      buffer.writeBytes(records)
      let over = records.count % Self.block
      if over > 0 { buffer.writeRepeatingByte(0, count: Self.block - over) }
    }
    writeBlock(
      Array(name.prefix(100)),
      size: size,
      modifiedSeconds: modifiedSeconds,
      type: type,
      mode: mode,
      &buffer
    )
  }

  /// One record of a pax header. Its length counts its own digits.
  private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
    let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
    var length = rest.count + 1
    while String(length).utf8.count + rest.count != length { length += 1 }
    return Array(String(length).utf8) + rest
  }

  private func writeBlock(
    _ name: [UInt8],
    size: Int64,
    modifiedSeconds: Int64,
    type: Unicode.Scalar,
    mode: Int64,
    _ buffer: inout ByteBuffer
  ) {
    var block = [UInt8](repeating: 0, count: Self.block)
    func put(_ bytes: some Collection<UInt8>, at offset: Int) {
      for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
    }
    func octal(_ number: Int64, digits: Int) -> [UInt8] {
      let text = String(max(0, number), radix: 8)
      return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8.suffix(digits))
    }
    put(name, at: 0)
    put(octal(mode, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    // What does not fit stands in the pax header.
    put(octal(size > 0o77777777777 ? 0 : size, digits: 11), at: 124)
    put(octal(modifiedSeconds, digits: 11), at: 136)
    put(Array("        ".utf8), at: 148)
    block[156] = UInt8(ascii: type)
    put(Array("ustar\u{0}00".utf8), at: 257)
    let sum = block.reduce(Int64(0)) { $0 + Int64($1) }
    put(octal(sum, digits: 6) + [0, UInt8(ascii: " ")], at: 148)
    buffer.writeBytes(block)
  }
}
