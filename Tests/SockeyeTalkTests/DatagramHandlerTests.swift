import NIOCore
import NIOEmbedded
import Testing

@testable import SockeyeTalk

@Suite("Talk: sockets for datagrams")
struct DatagramHandlerTests {
  @Test("Who speaks is told when a socket takes more again, and not when it takes none")
  func writability() throws {
    let channel = EmbeddedChannel()
    var told = 0
    let handler = DatagramHandler(arrived: { _, _ in }, completed: {}, writable: { told += 1 })
    try channel.pipeline.syncOperations.addHandler(handler)
    for (isWritable, expected) in [(false, 0), (true, 1), (false, 1), (true, 2)] {
      channel.isWritable = isWritable
      channel.pipeline.fireChannelWritabilityChanged()
      #expect(told == expected)
    }
    _ = try channel.finish()
  }
}
