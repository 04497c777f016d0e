import Glibc
import NIOCore
import NIOPosix
import SockeyeTransport
import Testing

@Suite("Closes behind writes")
struct CloseBehindWritesTests {
  /// More than a socket takes at once.
  private static let much = 8 << 20

  /// Writes much to a socket whose other end, which is passed on with the channel, reads nothing by itself.
  private func withMuchWritten(
    _ body: (_ channel: any Channel, _ end: CInt) async throws -> Void
  ) async throws {
    var ends: [CInt] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { close(ends[1]) }
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(CloseBehindWrites())
        }
      }
      .withConnectedSocket(ends[0]).get()
    channel.writeAndFlush(ByteBuffer(repeating: 7, count: Self.much), promise: nil)
    try await body(channel, ends[1])
  }

  private func readAll(_ descriptor: CInt) -> Int {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 { total += count }
    return total
  }

  @Test("A close waits for what was written before it", arguments: [false, true])
  func waits(endsOutput: Bool) async throws {
    try await withMuchWritten { channel, end in
      let ended = endsOutput ? channel.close(mode: .output) as EventLoopFuture<Void> : nil
      let closed: EventLoopFuture<Void> = channel.close()
      #expect(readAll(end) == Self.much)
      try await closed.get()
      try await ended?.get()
    }
  }

  @Test("Each of several closes ends")
  func several() async throws {
    try await withMuchWritten { channel, end in
      let closed = (0..<3).map { _ -> EventLoopFuture<Void> in channel.close() }
      #expect(readAll(end) == Self.much)
      for close in closed { try await close.get() }
    }
  }

  @Test("A close that is abandoned is one at once, before it is asked for as well", arguments: [false, true])
  func abandoned(isAskedFor: Bool) async throws {
    try await withMuchWritten { channel, end in
      try await channel.eventLoop.submit {
        if isAskedFor { channel.close(promise: nil) }
        try channel.pipeline.syncOperations.handler(type: CloseBehindWrites.self).abandon()
        channel.close(promise: nil)
      }.get()
      try await channel.closeFuture.get()
      #expect(readAll(end) < Self.much)
    }
  }

  @Test("A peer that has gone ends the wait")
  func gone() async throws {
    try await withMuchWritten { channel, end in
      channel.close(promise: nil)
      shutdown(end, Int32(SHUT_RDWR))
      try await channel.closeFuture.get()
    }
  }
}
