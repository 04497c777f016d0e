import SockeyeTCP
import SockeyeWire

extension Simulation {
  /// Sends everything that an endpoint wants sent now.
  mutating func transmit(_ index: Int) {
    let endpoint = endpoints[index]
    let maximumSegments = endpoint.pointee.configuration.maximumSegments
    var segments = 0
    while endpoint.pointee.connection.nextSegment(now: now, maximumSegments: maximumSegments, into: &plan) {
      for segment in 0..<plan.segmentCount {
        send(segment, from: index)
        guard violation == nil else { return }
      }
      segments += 1
      // More than any window holds: the engine would go on for ever.
      guard segments < 1 << 20 else { return report(.segmentsWithoutEnd, endpoint: index) }
    }
  }

  /// Sends one segment of the plan.
  private mutating func send(_ segment: Int, from index: Int) {
    let endpoint = endpoints[index]
    let header = plan.header(ofSegment: segment)
    let payload = plan.payload(ofSegment: segment)
    let application = (written: endpoint.pointee.application.written, acknowledged: endpoint.pointee.acknowledged)
    let packet = SimulatedPacket(
      source: index,
      header: header,
      payload: payload,
      codepoint: plan.codepoint,
      corruption: nil,
      bytes: []
    )
    if let rule = endpoint.pointee.observer.willSend(
      header,
      payload: payload,
      application: application,
      isPathProbe: plan.isPathProbe
    ) {
      record(packet, fate: "breaks a rule, and is not sent")
      return report(rule, endpoint: index, detail: payload.lowerBound)
    }
    let length = networkHeaderLength(index) + header.length + payload.count
    // What is larger than the path takes is dropped silently: a black hole, which probing has to find out.
    guard length <= endpoint.pointee.configuration.trueMTU else {
      return record(packet, fate: "dropped: too big for the path")
    }
    enqueue(packet, length: length)
  }

  private mutating func enqueue(_ sent: SimulatedPacket, length: Int) {
    var packet = sent
    if fidelity == .bytes { packet.bytes = emit(packet) }
    let endpoint = endpoints[packet.source]
    let link = endpoint.pointee.configuration.link
    let isECNCapable = packet.codepoint != .notCapable
    let decision = links[link].decide(length: length, isECNCapable: isECNCapable, now: now)
    if capture != nil { record(packet, fate: decision.fate) }
    if let number = journal?.nextPacketNumber() {
      packet.number = number
      let sending = SimulationJournal.Event.sent(
        packet: number,
        header: packet.header,
        payload: packet.payload,
        fate: decision
      )
      journal?.append(sending, at: packet.source, time: now)
    }
    guard case .delivered(let passage) = decision else { return }
    if passage.isMarked { mark(&packet) }
    let extraDelay = endpoint.pointee.configuration.extraDelay
    if let duplicateDelivery = passage.duplicateDelivery {
      queue.schedule(.arrival(packet: packets.insert(packet)), at: duplicateDelivery + extraDelay)
    }
    packet.corruption = passage.corruption
    queue.schedule(.arrival(packet: packets.insert(packet)), at: passage.delivery + extraDelay)
  }

  /// Delivers a packet to the endpoint that it is for.
  mutating func deliver(_ packet: SimulatedPacket) {
    let index = packet.source ^ 1
    segmentCount += 1
    journal?.append(.received(packet: packet.number), at: index, time: now)
    switch fidelity {
    case .lengths:
      guard packet.corruption == nil else {
        checksumDrops += 1
        return
      }
      receive(packet.header, payloadLength: packet.payload.count, codepoint: packet.codepoint, at: index)
    case .bytes:
      deliverBytes(packet, to: index)
    }
    if violation == nil { service(index) }
  }

  /// Gives a segment to the engine. Returns what to keep of it.
  @discardableResult
  mutating func receive(
    _ header: TCPHeader,
    payloadLength: Int,
    codepoint: ECNCodepoint,
    at index: Int
  ) -> Reception {
    let endpoint = endpoints[index]
    guard exists(header, payloadLength: payloadLength, codepoint: codepoint, at: index) else { return Reception() }
    endpoint.pointee.observer.willReceive(header, payloadLength: payloadLength)
    let reception = endpoint.pointee.connection.receive(
      header,
      payloadLength: payloadLength,
      codepoint: codepoint,
      arrival: now
    )
    let rangeLimit = Int(endpoint.pointee.configuration.connection.maximumOutOfOrderRanges)
    noteState(index)
    if let rule = endpoint.pointee.observer.didReceive(
      header,
      payloadLength: payloadLength,
      reception: reception,
      rangeLimit: rangeLimit
    ) {
      report(rule, endpoint: index, detail: reception.kept.lowerBound)
    }
    return reception
  }

  /// How many bytes of IP header an endpoint's packets have.
  func networkHeaderLength(_ index: Int) -> Int {
    endpoints[index].pointee.configuration.path.version == .v4 ? IPv4Header.minimumLength : IPv6Header.length
  }

  private mutating func record(_ packet: SimulatedPacket, fate: String) {
    guard capture != nil else { return }
    let bytes = packet.bytes.isEmpty ? emit(packet) : packet.bytes
    capture?.add(bytes, at: now, fate: fate)
  }

  /// Whether there is a connection that a segment belongs to. If not, what a host without it does is done: a listener
  /// makes one of a SYN, anything else is answered with a reset.
  private mutating func exists(
    _ header: TCPHeader,
    payloadLength: Int,
    codepoint: ECNCodepoint,
    at index: Int
  ) -> Bool {
    let endpoint = endpoints[index]
    if endpoint.pointee.isOpen, !endpoint.pointee.connection.state.isClosed { return true }
    // Before its program runs there is no host.
    guard endpoint.pointee.isOpen || endpoint.pointee.configuration.opensAt == nil else { return false }
    let settings = endpoint.pointee.configuration
    let listens = settings.opensAt == nil && settings.listens && endpoint.pointee.outcome == .open
    guard listens else {
      if let reset = ClosedPort.answer(to: header, payloadLength: payloadLength) { answer(with: reset, from: index) }
      return false
    }
    switch ListenDecision(about: header, payloadLength: payloadLength) {
    case .ignore:
      break
    case .reset(let reset):
      answer(with: reset, from: index)
    case .accept:
      endpoint.pointee.connection = Connection(
        accepting: header,
        codepoint: codepoint,
        configuration: settings.connection,
        path: settings.path,
        ports: endpoint.pointee.ports,
        secrets: endpoint.pointee.secrets,
        now: now
      )
      // It was in LISTEN before there was a connection.
      _ = endpoint.pointee.connection.nextState()
      endpoint.pointee.isOpen = true
      endpoint.pointee.observer.willReceive(header, payloadLength: payloadLength)
      noteState(index)
      service(index)
    }
    return false
  }

  /// Sends a reset for which there is no connection.
  private mutating func answer(with reset: TCPHeader, from index: Int) {
    let packet = SimulatedPacket(
      source: index,
      header: reset,
      payload: 0..<0,
      codepoint: .notCapable,
      corruption: nil,
      bytes: []
    )
    enqueue(packet, length: networkHeaderLength(index) + reset.length)
  }

  private func mark(_ packet: inout SimulatedPacket) {
    packet.codepoint = .congestionExperienced
    if fidelity == .bytes { packet.bytes = emit(packet) }
  }
}
