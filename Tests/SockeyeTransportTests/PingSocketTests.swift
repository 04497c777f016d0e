import NIOCore
import Testing

@testable import SockeyeTransport

@Suite("Sockets for echo requests")
struct PingSocketTests {
  private static func isAllowed() -> Bool {
    guard let socket = try? PingSocket(isIPv4: true, ready: {}) else { return false }
    socket.close()
    return true
  }

  @Test(
    "A request to this machine is answered with its data and number",
    .enabled(if: isAllowed(), "the system forbids it")
  )
  func echo() async throws {
    let (readiness, continuation) = AsyncStream.makeStream(of: Void.self)
    let socket = try PingSocket(isIPv4: true) { continuation.yield() }
    defer { socket.close() }
    socket.wait()
    let request: [UInt8] = [8, 0, 0, 0, 0, 0, 0x12, 0x34, 5, 6, 7]
    #expect(socket.send(request, to: try SocketAddress(ipAddress: "127.0.0.1", port: 0)) == 0)
    for await _ in readiness {
      let reply = try #require(socket.receive())
      #expect(reply[0] == 0 && Array(reply[6...]) == [0x12, 0x34, 5, 6, 7])
      break
    }
    #expect(socket.receive() == nil)
  }

  @Test("A message that can't be sent is told by its number", .enabled(if: isAllowed(), "the system forbids it"))
  func failure() throws {
    let socket = try PingSocket(isIPv4: true, ready: {})
    defer { socket.close() }
    #expect(socket.send([UInt8](repeating: 0, count: 4), to: try SocketAddress(ipAddress: "127.0.0.1", port: 0)) != 0)
  }
}
