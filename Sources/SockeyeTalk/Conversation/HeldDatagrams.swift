import NIOCore

/// Datagrams that are kept for later. What doesn't fit is dropped, as the network would.
struct HeldDatagrams {
  private static let most = (datagrams: 16, bytes: 65_536)

  private(set) var datagrams: [(bytes: ByteBuffer, marks: Message.Marks)] = []
  private var size = 0
  /// Whether nothing was dropped.
  private(set) var isWhole = true

  mutating func keep(_ bytes: ByteBuffer, _ marks: Message.Marks) {
    guard datagrams.count < Self.most.datagrams, size + bytes.readableBytes <= Self.most.bytes else {
      isWhole = false
      return
    }
    // A copy: the datagram is a slice of a buffer that is many times its size.
    datagrams.append((ByteBuffer(bytes: bytes.readableBytesView), marks))
    size += bytes.readableBytes
  }

  mutating func takeAll() -> [(bytes: ByteBuffer, marks: Message.Marks)] {
    defer { self = HeldDatagrams() }
    return datagrams
  }
}
