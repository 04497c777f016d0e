import NIOCore
import SockeyeTransport

/// Hands arriving datagrams to whoever sorts them by peer.
final class DatagramHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let arrived: (any Channel, AddressedEnvelope<ByteBuffer>) -> Void
  private let completed: () -> Void
  private let writable: () -> Void
  private let failed: ((any Error) -> Void)?

  /// Creates a handler.
  ///
  /// - Parameters:
  ///   - arrived: Given each datagram and the channel that it came by.
  ///   - completed: Told when those that came together have been given.
  ///   - writable: Told when the socket takes more again.
  ///   - failed: Told of errors of the socket. Nothing: one that did not get through says nothing about the next one.
  init(
    arrived: @escaping (any Channel, AddressedEnvelope<ByteBuffer>) -> Void,
    completed: @escaping () -> Void,
    writable: @escaping () -> Void,
    failed: ((any Error) -> Void)? = nil
  ) {
    self.arrived = arrived
    self.completed = completed
    self.writable = writable
    self.failed = failed
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    arrived(context.channel, unwrapInboundIn(data))
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    completed()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { writable() }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    failed?(error)
  }
}

extension DatagramOptions {
  /// Cuts a datagram that is longer than wanted, and marks it: one byte more is received than is wanted, so that one that
  /// was cut is told from one that just fits.
  func cut(_ datagram: ByteBuffer, _ marks: inout Message.Marks) -> ByteBuffer {
    let largest = largestDatagram - 1
    guard datagram.readableBytes > largest, largest < DatagramSession.largestPayload else { return datagram }
    marks.insert(.truncated)
    return datagram.getSlice(at: datagram.readerIndex, length: largest) ?? datagram
  }
}
