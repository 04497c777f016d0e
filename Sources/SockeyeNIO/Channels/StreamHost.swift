internal import NIOCore
package import SockeyeHost

/// The host that channels run on: its streams' bytes are NIO's buffers.
package typealias StreamHost = Host<ByteBufferQueue>

extension Host where Storage == ByteBufferQueue {
  /// Takes the datagram that has waited longest.
  ///
  /// - Throws: `SocketError.wouldBlock` if there is none; what ICMP has reported, once.
  mutating func readDatagram(from handle: Handle) throws(SocketError) -> (bytes: ByteBuffer, source: Endpoint) {
    let count = try queuedCounts(of: handle).readable
    var buffer = ByteBufferAllocator().buffer(capacity: count)
    let result = buffer.withUnsafeMutableWritableBytes { room in
      var span = room.mutableBytes
      return Swift.Result { () throws(SocketError) in try self.receiveDatagram(into: &span, from: handle) }
    }
    let (length, source) = try result.get()
    buffer.moveWriterIndex(forwardBy: min(length, buffer.writableBytes))
    return (buffer, source)
  }

  /// Sends a datagram; to the peer that the socket is connected to if `destination` is nil.
  ///
  /// - Throws: `SocketError`; `wouldBlock` where the link's queue has no room.
  mutating func writeDatagram(
    _ buffer: ByteBuffer,
    to destination: Endpoint?,
    from handle: Handle
  ) throws(SocketError) {
    let result = buffer.withUnsafeReadableBytes { bytes in
      Swift.Result { () throws(SocketError) in try self.send(bytes.bytes, to: destination, from: handle) }
    }
    try result.get()
  }
}
