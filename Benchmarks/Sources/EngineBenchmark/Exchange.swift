import SockeyeTCP
import SockeyeWire

/// Room for the packets of one batch, used again for each. It lives as long as the process.
struct PacketSlots {
  private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Exchange.slots * slotLength, alignment: 16)
  private static let slotLength = 1_536

  /// The room for one packet.
  subscript(index: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: memory[index * Self.slotLength..<(index + 1) * Self.slotLength])
  }
}

/// Two engines that exchange full-sized segments through the codec. Payload is neither copied nor summed, as with
/// checksums offloaded.
///
/// The sender plans segments, one at a time or as many as one packet's length allows, and emits each one's IPv4 and TCP
/// headers; the receiver parses both and takes the data in order, segment by segment, lets its program read what a batch
/// brought, and acknowledges when its rules say so; that acknowledgment is emitted, parsed and processed the same way.
struct Exchange: ~Copyable {
  /// Segments that are under way at a time: what a device hands over in one go.
  static let batch = 64
  /// Packets for which there is room: the last plan of a batch may go beyond it.
  static let slots = 2 * batch
  /// Full-sized segments that fit in the longest IP packet, which is what segmentation offload takes.
  static let longestPlan = 44

  private var sender: Connection
  private var receiver: Connection
  private var now = Instant.zero
  private var plan = SegmentPlan()
  private let slots: PacketSlots
  private let segmentsPerPlan: Int
  /// Bytes that the receiving program has read.
  private(set) var delivered: UInt64 = 0
  private(set) var segments = 0
  private(set) var acknowledgments = 0

  /// A connection that has delivered so many bytes already, so that its windows are open.
  init(over slots: PacketSlots, segmentsPerPlan: Int = Exchange.longestPlan, warmUp bytes: UInt64 = 64 << 20) {
    self.segmentsPerPlan = segmentsPerPlan
    var configuration = ConnectionConfiguration()
    configuration.receiveBuffer = 4 << 20
    configuration.initialReceiveWindow = 65_535
    let path = NetworkPath(version: .v4)
    sender = Connection(
      configuration: configuration,
      path: path,
      ports: PortPair(local: 1_024, remote: 80),
      secrets: ConnectionSecrets(initialSequenceNumber: 1, timestampOffset: 1),
      now: now
    )
    receiver = Connection(
      configuration: configuration,
      path: path,
      ports: PortPair(local: 80, remote: 1_024),
      secrets: ConnectionSecrets(initialSequenceNumber: 2, timestampOffset: 2),
      now: now
    )
    self.slots = slots
    sender.open(now: now)
    guard sender.nextSegment(now: now, maximumSegments: 1, into: &plan) else { return }
    receiver = Connection(
      accepting: plan.header,
      configuration: configuration,
      path: path,
      ports: PortPair(local: 80, remote: 1_024),
      secrets: ConnectionSecrets(initialSequenceNumber: 2, timestampOffset: 2),
      now: now
    )
    while delivered < bytes { step() }
    segments = 0
    acknowledgments = 0
  }

  /// Exchanges at least this many segments.
  mutating func run(segments count: Int) {
    let end = segments + count
    while segments < end { step() }
  }

  /// One batch each way.
  mutating func step() {
    now += .microseconds(200)
    let capacity = sender.sendCapacity
    if capacity > 0 { _ = sender.send(capacity, push: false, now: now) }
    exchange()
  }

  private mutating func exchange() {
    sender.advance(to: now)
    receiver.advance(to: now)
    let data = Self.emit(from: &sender, at: now, segmentsPerPlan: segmentsPerPlan, plan: &plan, slots: slots)
    segments += data
    receive(data)
    takeEvents()
    let answers = Self.emit(from: &receiver, at: now, segmentsPerPlan: segmentsPerPlan, plan: &plan, slots: slots)
    acknowledgments += answers
    for slot in 0..<answers { Self.deliver(slot, to: &sender, at: now, slots: slots) }
  }

  /// Delivers a batch of data, and lets the program read it.
  private mutating func receive(_ count: Int) {
    for slot in 0..<count { Self.deliver(slot, to: &receiver, at: now, slots: slots) }
    let readable = receiver.readableCount
    guard readable > 0 else { return }
    receiver.read(readable, now: now)
    delivered += UInt64(readable)
  }

  private mutating func takeEvents() {
    while receiver.nextEvent() != nil {}
    while sender.nextEvent() != nil {}
  }

  /// Lets everything be acknowledged and ten minutes pass.
  mutating func idle() {
    while sender.nextDeadline < .never || receiver.nextDeadline < .never {
      let next = max(min(sender.nextDeadline, receiver.nextDeadline), now)
      guard next < now + .seconds(600) else { break }
      now = next
      exchange()
    }
    now += .seconds(600)
    exchange()
  }

  // MARK: The codec

  /// Emits what a connection wants to send, and returns how many packets that was.
  private static func emit(
    from connection: inout Connection,
    at now: Instant,
    segmentsPerPlan: Int,
    plan: inout SegmentPlan,
    slots: PacketSlots
  ) -> Int {
    var count = 0
    while count < batch, connection.nextSegment(now: now, maximumSegments: segmentsPerPlan, into: &plan) {
      let segmentCount = plan.segmentCount
      for segment in 0..<segmentCount {
        var bytes = slots[count].mutableBytes
        let headerLength = plan.header(ofSegment: segment).emit(into: &bytes, at: IPv4Header.minimumLength)
        let envelope = IPv4Header(
          trafficClass: plan.codepoint.rawValue,
          protocolNumber: TCPHeader.protocolNumber,
          source: IPv4Address(rawValue: 0x0A00_0001),
          destination: IPv4Address(rawValue: 0x0A00_0002)
        )
        envelope.emit(into: &bytes, payloadLength: headerLength + plan.payload(ofSegment: segment).count)
        count += 1
      }
    }
    return count
  }

  /// Parses a packet's headers and gives the segment to a connection.
  private static func deliver(
    _ slot: Int,
    to connection: inout Connection,
    at now: Instant,
    slots: PacketSlots
  ) {
    let packet = UnsafeRawBufferPointer(slots[slot]).bytes
    do throws(WireError) {
      let (_, transport) = try IPv4Header.parse(packet, verifiesChecksum: false)
      let (header, payload) = try TCPHeader.parse(packet.extracting(transport))
      _ = connection.receive(header, payloadLength: payload.count, arrival: now)
    } catch {
      return
    }
  }
}
