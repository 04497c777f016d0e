import Glibc
import NIOCore
import SockeyeText
public import SockeyeTransport
import SockeyeWire
import Synchronization

/// Records conversations as packets, for Wireshark and its like.
///
/// The headers are made up: the kernel does not show the real ones. Handshakes, sequence numbers and closes are those
/// that a capture without loss would have; what was inside TLS is recorded as it was before and after it. When the disk
/// does not keep up, packets are left out and counted, as any capture does.
public final class ConversationRecorder: Sendable {
  private struct Stream {
    var local: UInt32 = 0
    var remote: UInt32 = 0
    var isLocalEnded = false
    var isRemoteEnded = false
  }

  private struct State {
    var writer: PcapngWriter
    var interface = 0
    var streams: [Int: Stream] = [:]
    var droppedCount = 0
  }

  private let path: String
  private let output: DescriptorWriter
  private let isClient: Bool
  private let isWhole: Bool
  private let isDatagram: Bool
  private let state: Mutex<State>

  /// The first thing that a reader of the capture is told.
  static let comment =
    "The headers are invented: a conversation does not see the real ones. Data, order and times are those of the "
    + "conversation. 'sockeye watch' shows real packets."

  /// How much is kept for the disk, in bytes.
  private static let largestBacklog = 1 << 24
  /// How much of a stream one packet carries.
  private static let segmentSize = 16_384

  /// Starts a record.
  ///
  /// - Parameters:
  ///   - descriptor: Where to write. It is closed at the end unless it is standard output.
  ///   - name: What failures call it.
  ///   - isClient: Whether this side begins the conversations.
  ///   - isDatagram: Whether UDP is recorded, not TCP.
  ///   - isWhole: Whether nothing is ever left out; whoever feeds it waits while it ``isBehind``.
  ///   - notify: Told, on a thread of its own, when a record that was behind no longer is, or can't be written any more.
  /// - Throws: A failure of kind `other` when no thread can be started.
  public init(
    _ descriptor: CInt,
    named name: String,
    isClient: Bool,
    isDatagram: Bool,
    isWhole: Bool = false,
    notify: @escaping @Sendable (DescriptorWriter.Event) -> Void = { _ in }
  ) throws(Failure) {
    path = name
    self.isClient = isClient
    self.isWhole = isWhole
    self.isDatagram = isDatagram
    output = try DescriptorWriter(
      descriptor: descriptor,
      limit: Self.largestBacklog,
      closesDescriptor: descriptor != STDOUT_FILENO,
      notify: notify
    )
    var bytes: [UInt8] = []
    var writer = PcapngWriter(application: "sockeye", comment: Self.comment, into: &bytes)
    let interface = writer.addInterface(PcapngInterface(name: "conversation"), into: &bytes)
    state = Mutex(State(writer: writer, interface: interface))
    output.write(ByteBuffer(bytes: bytes))
  }

  /// Waits until everything is written.
  ///
  /// - Returns: How many packets had to be left out.
  /// - Throws: A failure of kind `localFile` when the record can't be written.
  public func finish() async throws(Failure) -> Int {
    let error = await output.flush()
    output.finish()
    guard let error else { return state.withLock { $0.droppedCount } }
    throw Failure(.localFile, .cannotWriteRecord(path, .system(error)))
  }

  // MARK: What happens

  /// Whether the disk is behind: what isn't whole leaves packets out meanwhile.
  public var isBehind: Bool { output.isFull }

  /// Records something that happened, for a conversation that has no recorder of its own.
  public func take(_ event: ConversationEvent) {
    switch event {
    case .opened(let peer), .served(let peer): opened(peer)
    case .received(let peer, let message): received(message.bytes, from: peer)
    case .sent(let peer, let bytes): sent(bytes, to: peer)
    case .inputEnded(let peer): inputEnded(peer)
    case .outputEnded(let peer): outputEnded(peer)
    case .closed(let peer, let cause, _): closed(peer, cause)
    case .listening, .retrying, .secured, .waiting, .notice, .clients: return
    }
  }

  /// Records that a conversation began.
  public func opened(_ peer: Peer) {
    guard !isDatagram else { return }
    self.state.withLock { state in
      state.streams[peer.number] = Stream()
      segment(peer, &state, isOurs: isClient, .syn)
      segment(peer, &state, isOurs: !isClient, [.syn, .ack])
      segment(peer, &state, isOurs: isClient, .ack)
    }
  }

  func received(_ bytes: ByteBuffer, from peer: Peer) { data(bytes, peer, isOurs: false) }

  func sent(_ bytes: ByteBuffer, to peer: Peer) { data(bytes, peer, isOurs: true) }

  func inputEnded(_ peer: Peer) {
    self.state.withLock { state in finished(peer, &state, isOurs: false) }
  }

  func outputEnded(_ peer: Peer) {
    self.state.withLock { state in finished(peer, &state, isOurs: true) }
  }

  func closed(_ peer: Peer, _ cause: CloseCause) {
    self.state.withLock { state in
      if cause == .peerReset {
        segment(peer, &state, isOurs: false, [.rst, .ack])
      } else {
        finished(peer, &state, isOurs: true)
        finished(peer, &state, isOurs: false)
      }
      state.streams[peer.number] = nil
    }
  }

  // MARK: Packets

  private func data(_ bytes: ByteBuffer, _ peer: Peer, isOurs: Bool) {
    self.state.withLock { state in
      if isDatagram { return datagram(peer, &state, isOurs: isOurs, bytes) }
      var rest = bytes
      while let piece = rest.readSlice(length: min(rest.readableBytes, Self.segmentSize)), piece.readableBytes > 0 {
        segment(peer, &state, isOurs: isOurs, [.psh, .ack], piece)
      }
    }
  }

  private func finished(_ peer: Peer, _ state: inout State, isOurs: Bool) {
    guard let stream = state.streams[peer.number] else { return }
    guard isOurs ? !stream.isLocalEnded : !stream.isRemoteEnded else { return }
    segment(peer, &state, isOurs: isOurs, [.fin, .ack])
    if isOurs {
      state.streams[peer.number]?.isLocalEnded = true
    } else {
      state.streams[peer.number]?.isRemoteEnded = true
    }
  }

  private func segment(
    _ peer: Peer,
    _ state: inout State,
    isOurs: Bool,
    _ flags: TCPFlags,
    _ payload: ByteBuffer = ByteBuffer()
  ) {
    guard var stream = state.streams[peer.number] else { return }
    let (source, destination) = ends(peer, isOurs: isOurs)
    let header = TCPHeader(
      sourcePort: source.port,
      destinationPort: destination.port,
      sequenceNumber: isOurs ? stream.local : stream.remote,
      acknowledgmentNumber: flags.contains(.ack) ? (isOurs ? stream.remote : stream.local) : 0,
      flags: flags,
      window: 65_535
    )
    // SYN and FIN take a place in the sequence, as RFC 9293, section 3.4, has it; the numbers wrap.
    let ends: UInt32 = flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1
    let length = UInt32(truncatingIfNeeded: payload.readableBytes) &+ ends
    if isOurs { stream.local &+= length } else { stream.remote &+= length }
    state.streams[peer.number] = stream
    let envelope = IPEnvelope(from: source.address, to: destination.address)
    let size = envelope.headerLength + header.length + payload.readableBytes
    packet(&state, size, isOurs: isOurs) { bytes in
      payload.withUnsafeReadableBytes { payload in
        _ = envelope.emit(header, payload: payload.bytes, into: &bytes)
      }
    }
  }

  private func datagram(_ peer: Peer, _ state: inout State, isOurs: Bool, _ payload: ByteBuffer) {
    let (source, destination) = ends(peer, isOurs: isOurs)
    let header = UDPHeader(sourcePort: source.port, destinationPort: destination.port)
    let envelope = IPEnvelope(from: source.address, to: destination.address)
    var rest = payload
    repeat {
      // What is sent is cut the same way.
      let piece = rest.readSlice(length: min(rest.readableBytes, DatagramSession.largestPayload)) ?? rest
      let size = envelope.headerLength + UDPHeader.length + piece.readableBytes
      packet(&state, size, isOurs: isOurs) { bytes in
        piece.withUnsafeReadableBytes { payload in
          _ = envelope.emit(header, payload: payload.bytes, into: &bytes)
        }
      }
    } while rest.readableBytes > 0
  }

  private func packet(_ state: inout State, _ size: Int, isOurs: Bool, _ fill: (inout MutableRawSpan) -> Void) {
    guard isWhole || !output.isFull else {
      state.droppedCount += 1
      return
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + 64)
    state.writer.addPacket(
      length: size,
      at: WallTime.now.nanoseconds,
      interface: state.interface,
      direction: isOurs ? .outbound : .inbound,
      into: &bytes,
      fill: fill
    )
    output.write(ByteBuffer(bytes: bytes))
  }

  // MARK: Addresses

  private typealias End = (address: IPAddress, port: UInt16)

  private func ends(_ peer: Peer, isOurs: Bool) -> (End, End) {
    // The ends of a Unix domain socket have no addresses: they are told apart by ports, the server's being 1.
    let number = 0x8000 | UInt16(truncatingIfNeeded: peer.number)
    var local = Self.end(peer.localAddress, otherwise: isClient ? number : 1)
    var remote = Self.end(peer.remoteAddress, otherwise: isClient ? 1 : number)
    // A socket for datagrams may be bound to every address; a packet has one of its peer's family.
    if local.address.isUnspecified || local.address.isIPv4 != remote.address.isIPv4 {
      local.address = remote.address.isIPv4 ? .v4(.loopback) : .v6(.loopback)
    }
    if remote.address.isUnspecified { remote.address = local.address }
    return isOurs ? (local, remote) : (remote, local)
  }

  private static func end(_ address: SocketAddress?, otherwise port: UInt16) -> End {
    guard let address, let bytes = SocketAddressBytes.of(address) else { return (.v4(.loopback), port) }
    let actual = UInt16(clamping: address.port ?? 0)
    if bytes.count == 4 { return (.v4(IPv4Address(bytes[0], bytes[1], bytes[2], bytes[3])), actual) }
    let high = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let low = bytes[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return (.v6(IPv6Address(high: high, low: low)), actual)
  }
}
