internal import SockeyeSimulator
internal import SockeyeTCP
internal import SockeyeWire

/// Writes down the packets between two hosts as events of one conversation, and as a capture.
struct PacketRecorder {
  /// LINKTYPE_RAW: packets begin with the IP header.
  private static let bareIP = LinkType(rawValue: 101)

  private(set) var events: [Event] = []
  private(set) var capture: PacketCapture?
  private var numberings: [ConversationKey: Numbering] = [:]
  private var states: (first: State?, second: State?) = (nil, nil)

  init(capture: PacketCapture?) {
    self.capture = capture
  }

  mutating func sent(_ bytes: [UInt8], number: UInt64, from end: End, fate: Fate, at time: Instant) {
    capture?.add(bytes, at: time, fate: fate == .delivered ? "" : fate.name)
    let packet = bytes.span.bytes
    let kind: Event.Kind
    if let found = Dissection(packet, linkType: Self.bareIP, originalLength: bytes.count) {
      kind = .sent(segment(found, number: number, from: end), fate)
    } else {
      kind = .datagram(Datagram(number: number, packet), fate)
    }
    events.append(Event(time: time, end: end, kind: kind))
  }

  mutating func received(_ number: UInt64, at end: End, time: Instant) {
    events.append(Event(time: time, end: end, kind: .received(number: number)))
  }

  /// Notes the states of the ends where they have changed; nil for an end that has no connection.
  mutating func note(_ new: (first: ConnectionState.Name?, second: ConnectionState.Name?), at time: Instant) {
    if let state = new.first, state != states.first {
      states.first = state
      events.append(Event(time: time, end: .first, kind: .entered(state)))
    }
    if let state = new.second, state != states.second {
      states.second = state
      events.append(Event(time: time, end: .second, kind: .entered(state)))
    }
  }

  private mutating func segment(_ found: Dissection, number: UInt64, from end: End) -> Segment {
    let from = ConversationKey.Place(address: found.source, port: found.header.sourcePort)
    let to = ConversationKey.Place(address: found.destination, port: found.header.destinationPort)
    let key = end == .first ? ConversationKey(first: from, second: to) : ConversationKey(first: to, second: from)
    var segment = numberings[key, default: Numbering()].segment(
      found.header,
      payloadLength: found.payloadLength,
      from: end,
      number: number
    )
    let stranger = end == .first ? found.source : found.destination
    if stranger != HostNetwork.clientAddress { segment.stranger = stranger }
    return segment
  }
}
