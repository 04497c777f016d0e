import Glibc
import SockeyeSimulator

/// A connection between the two hosts, and the programs at its ends.
final class HostConversation {
  let plan: ConversationPlan
  /// The client's port, by which the server's host knows whom it accepts.
  let port: UInt16
  private let network: HostNetwork
  private var client: ConversationEnd
  private var server: ConversationEnd
  private var hasBegun = false

  /// Where servers listen.
  static let serverPort: UInt16 = 80
  private static let deadPort: UInt16 = 81

  init(_ plan: ConversationPlan, port: UInt16, seed: UInt64, on network: HostNetwork) {
    self.plan = plan
    self.port = port
    self.network = network
    let patterns = [StreamPattern(seed: seed), StreamPattern(seed: ~seed)]
    client = ConversationEnd(plan.ends[0], sends: patterns[0], expects: patterns[1], count: plan.ends[1].bytes)
    server = ConversationEnd(plan.ends[1], sends: patterns[1], expects: patterns[0], count: plan.ends[0].bytes)
    client.isGraceful = plan.isGraceful
    server.isGraceful = plan.isGraceful
  }

  /// When its programs want to act although nothing has happened.
  var wake: UInt64? {
    guard hasBegun else { return opensAt }
    return [client.resumesAt, server.resumesAt].compactMap { $0 }.filter { $0 > network.now }.min()
  }

  private var opensAt: UInt64 { 1_000_000 + plan.opensAt }

  /// Hands over the server's end.
  func accepted(_ socket: HostSocket) throws {
    guard server.socket == nil else {
      // A cookie that is sent again after its connection was reset makes another, which nobody here has to do with.
      guard !plan.isGraceful else { throw HostFailure("port \(port) is connected twice") }
      return try socket.close()
    }
    for option in plan.isGraceful ? [] : SocketOption.keepAlive { try socket.set(option) }
    server.socket = socket
    server.isOpen = true
  }

  /// Does whatever has become possible.
  func act() throws {
    if !hasBegun, network.now >= opensAt { try begin() }
    guard hasBegun else { return }
    if plan.isToNobody {
      try seeRefusal()
    } else {
      try client.act(now: network.now, peerIsDone: server.isDone) { [plan] socket in
        socket.connect(to: 1 - plan.client, port: Self.serverPort, isIPv6: plan.isIPv6)
      }
      try server.act(now: network.now, peerIsDone: client.isDone) { _ in 0 }
    }
  }

  private func begin() throws {
    hasBegun = true
    let socket = try HostSocket(network.hosts[plan.client], isIPv6: plan.isIPv6, isStream: true)
    try socket.bind(port: port, isIPv6: plan.isIPv6)
    for option in plan.ends[0].options + (plan.isGraceful ? [] : SocketOption.keepAlive) { try socket.set(option) }
    let target = plan.isToNobody ? Self.deadPort : Self.serverPort
    let result = socket.connect(to: 1 - plan.client, port: target, isIPv6: plan.isIPv6)
    guard result == -EINPROGRESS else { throw HostFailure("sockeye_connect: \(result)") }
    client.socket = socket
  }

  private func seeRefusal() throws {
    guard let socket = client.socket, socket.poll() & Int32(POLLERR) != 0 else { return }
    let error = socket.takeError()
    guard error == ECONNREFUSED else { throw HostFailure("nobody listens, and the error is \(error)") }
    try socket.close()
    client.socket = nil
    client.isDone = true
  }

  /// To be called when nothing happens any more.
  ///
  /// - Throws: `HostFailure` where an end has not come to its own.
  func checkEnd() throws {
    let isDone = client.isDone && (server.isDone || plan.isToNobody || (!plan.isGraceful && server.socket == nil))
    guard isDone else { throw HostFailure("port \(port) stands still: client \(client.text), server \(server.text)") }
  }
}

/// A program at one end of a connection.
private struct ConversationEnd {
  let plan: EndPlan
  var isGraceful = true
  var socket: HostSocket?
  var isOpen = false
  /// When it goes on reading, if it has stopped.
  private(set) var resumesAt: UInt64?
  var isDone = false

  private let sends: StreamPattern
  private let expects: StreamPattern
  private let expectedCount: UInt64
  private var written: UInt64 = 0
  private var taken: UInt64 = 0
  private var hasShut = false
  private var peerHasEnded = false
  private var hasPaused = false
  /// The program at the other end has come to its own end.
  private var peerIsDone = false

  init(_ plan: EndPlan, sends: StreamPattern, expects: StreamPattern, count: UInt64) {
    self.plan = plan
    self.sends = sends
    self.expects = expects
    expectedCount = count
  }

  var text: String { "has written \(written) of \(plan.bytes), read \(taken) of \(expectedCount)" }

  /// Does what can be done now. `connect` asks again whether the connection is open.
  mutating func act(now: UInt64, peerIsDone: Bool, connect: (HostSocket) -> Int32) throws {
    guard let socket, !isDone else { return }
    self.peerIsDone = peerIsDone
    let ready = socket.poll()
    guard ready >= 0 else { throw HostFailure("sockeye_poll: \(ready)") }
    if !isOpen, ready & Int32(POLLOUT | POLLERR | POLLHUP) != 0 {
      let result = connect(socket)
      guard result == 0 || result == -EISCONN else { return try fail(result) }
      isOpen = true
    }
    if isOpen, ready & Int32(POLLIN) != 0 { try read(socket, now: now) }
    if !isDone, ready & Int32(POLLOUT) != 0 || (!isOpen && plan.writesEarly) { try write(socket) }
    // Who leaves early may do so before the connection is open.
    if !isDone, isOpen || !plan.ending.isGraceful { try end(socket) }
  }

  private mutating func read(_ socket: HostSocket, now: UInt64) throws {
    if let time = resumesAt {
      guard now >= time else { return }
      resumesAt = nil
    }
    try withUnsafeTemporaryAllocation(byteCount: min(plan.readSize, 1 << 16), alignment: 16) { buffer in
      while !peerHasEnded {
        if !hasPaused, taken >= plan.pausesAt {
          hasPaused = true
          resumesAt = now + plan.pause
          return
        }
        let peeked = plan.peeks ? socket.receive(buffer, peeks: true) : 0
        let count = peeked < 0 ? peeked : socket.receive(buffer)
        guard peeked <= 0 || count >= peeked else { throw HostFailure("\(peeked) bytes are seen, \(count) taken") }
        if count == -Int(EAGAIN) { return }
        guard count >= 0 else { return try fail(Int32(clamping: count)) }
        if count == 0 { return try notePeerEnd() }
        for index in 0..<count where buffer[index] != expects[taken + UInt64(index)] {
          throw HostFailure("a wrong byte at \(taken + UInt64(index)), read by one that \(text)")
        }
        taken += UInt64(count)
        guard taken <= expectedCount else { throw HostFailure("more than was sent: \(text)") }
      }
    }
  }

  private mutating func notePeerEnd() throws {
    peerHasEnded = true
    guard !isGraceful || taken == expectedCount else { throw HostFailure("an early end: \(text)") }
  }

  private mutating func write(_ socket: HostSocket) throws {
    guard !hasShut, written < plan.bytes else { return }
    try withUnsafeTemporaryAllocation(byteCount: min(plan.writeSize, 1 << 16), alignment: 16) { buffer in
      while written < plan.bytes {
        let count = Int(min(UInt64(buffer.count), plan.bytes - written))
        for index in 0..<count { buffer[index] = sends[written + UInt64(index)] }
        let sent = socket.send(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        if sent == -Int(EAGAIN) { return }
        guard sent > 0, sent <= count else { return try fail(Int32(clamping: sent)) }
        written += UInt64(sent)
      }
    }
  }

  private mutating func end(_ socket: HostSocket) throws {
    let hasWritten = written == plan.bytes
    switch plan.ending {
    case .halfClose:
      if hasWritten, !hasShut {
        hasShut = true
        let result = socket.shutdownWriting()
        guard result == 0 else { return try fail(result) }
      }
      if hasShut, peerHasEnded { try close(socket) }
    case .closeAfterPeer:
      if hasWritten, peerHasEnded { try close(socket) }
    case .close:
      if hasWritten { try close(socket) }
    case .reset(let count):
      if written + taken >= count || peerHasEnded {
        try socket.setResetOnClose()
        try close(socket)
      }
    case .leave(let count):
      if written + taken >= count || peerHasEnded { try close(socket) }
    }
  }

  /// The connection has failed, which is right only where one of the ends wanted it so, or where all was said.
  private mutating func fail(_ result: Int32) throws {
    let isExpected = !isGraceful && [ECONNRESET, EPIPE, ETIMEDOUT].contains(-result)
    guard isExpected || (-result == ECONNRESET && isAllSaid), let socket else {
      throw HostFailure("error \(-result) at one that \(text)")
    }
    try close(socket)
  }

  /// Both have everything, and only the acknowledgment of this side's FIN is missing. Where it gets lost until the peer's
  /// TIME-WAIT is over, which is drawn short, the FIN is answered by a reset (RFC 9293 section 3.10.7.1).
  private var isAllSaid: Bool { peerIsDone && written == plan.bytes && taken == expectedCount }

  private mutating func close(_ socket: HostSocket) throws {
    isDone = true
    resumesAt = nil
    try socket.close()
  }
}
