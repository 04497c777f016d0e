import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

/// Storage whose buffers are objects, so that a test can tell whether they were handed over or copied.
private struct PieceList: BufferedStreamStorage, ~Copyable {
  final class Piece {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
    }
  }

  struct Buffer {
    var piece: Piece
    var range: Range<Int>

    init(_ bytes: [UInt8]) {
      piece = Piece(bytes)
      range = 0..<bytes.count
    }
  }

  private var held: [(start: UInt64, buffer: Buffer)] = []

  static func count(of buffer: borrowing Buffer) -> Int { buffer.range.count }

  mutating func append(_ count: Int, of buffer: inout Buffer, at offset: UInt64) {
    var part = buffer
    part.range = buffer.range.prefix(count)
    buffer.range = buffer.range.dropFirst(count)
    held.append((offset, part))
  }

  mutating func buffer(from offset: UInt64, count: Int) -> Buffer {
    guard let piece = held.first(where: { $0.start + UInt64($0.buffer.range.count) > offset }) else {
      preconditionFailure("bytes that are not held")
    }
    var buffer = piece.buffer
    buffer.range = buffer.range.dropFirst(Int(offset - piece.start)).prefix(count)
    return buffer
  }

  mutating func write(_ bytes: RawSpan, at offset: UInt64) {
    held.append((offset, Buffer(bytes.withUnsafeBytes { [UInt8]($0) })))
    held.sort { $0.start < $1.start }
  }

  func read(from offset: UInt64, count: Int, into destination: inout MutableRawSpan, at position: Int) {
    for step in 0..<count {
      let wanted = offset + UInt64(step)
      for (start, buffer) in held where (start..<start + UInt64(buffer.range.count)).contains(wanted) {
        let byte = buffer.piece.bytes[buffer.range.lowerBound + Int(wanted - start)]
        destination.storeBytes(of: byte, toByteOffset: position + step, as: UInt8.self)
      }
    }
  }

  func withBytes<Result, Failure: Error>(
    from offset: UInt64,
    count: Int,
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body([UInt8]().span.bytes)
  }

  mutating func discard(upTo offset: UInt64) {
    held.removeAll { $0.start + UInt64($0.buffer.range.count) <= offset }
  }

  var allocatedCount: Int { 0 }
}

@Suite("Storage of an application's buffers")
struct BufferedStorageTests {
  @Test("A buffer is sent and received as it is, as far as the send buffer goes, and one piece at a time is read")
  func byReference() throws {
    var configuration = HostConfiguration(seed: 1)
    configuration.addresses = [InterfaceAddress(Bench.own4, prefixLength: 24)]
    configuration.connection.sendBuffer = 3_000
    var host = Host<PieceList>(configuration: configuration, now: .zero)
    let listener = host.makeSocket(.stream, .v4)
    try host.bind(listener, to: nil, port: 80)
    try host.listen(listener, backlog: 1)
    let client = host.makeSocket(.stream, .v4)
    #expect(try host.connect(client, to: Endpoint(Bench.own4, port: 80)) == .inProgress)
    run(&host)
    let server = try host.accept(listener)
    var buffer = PieceList.Buffer((0..<4_000).map { UInt8(truncatingIfNeeded: $0) })
    let original = buffer.piece
    #expect(try host.write(&buffer, to: client) == 3_000)
    #expect(buffer.range == 3_000..<4_000)
    #expect(throws: SocketError.wouldBlock) { try host.write(&buffer, to: client) }
    #expect(host.heldPiece(of: client) === original)
    run(&host)
    #expect(try host.write(&buffer, to: client) == 1_000)
    try host.close(client)
    run(&host)
    var received: [UInt8] = []
    while let piece = try host.read(upTo: 700, from: server) {
      #expect((1...700).contains(piece.range.count))
      received += piece.piece.bytes[piece.range]
    }
    #expect(received == original.bytes)
  }

  private func run(_ host: inout Host<PieceList>) {
    var memory = [UInt8](repeating: 0, count: 1_500)
    memory.withUnsafeMutableBytes { buffer in
      var room = buffer.mutableBytes
      while host.transmit(into: &room) != nil {}
    }
  }
}

extension Host where Storage == PieceList {
  /// What holds the first bytes that a socket has written.
  fileprivate mutating func heldPiece(of socket: Handle) -> PieceList.Piece? {
    guard let index = try? stream(of: socket) else { return nil }
    return streams[index].outgoing.buffer(from: 0, count: 1).piece
  }
}
