import SockeyeTCP
import SockeyeWire

/// Two connections and a network between them that loses nothing and takes no time: for what two sides of this engine
/// might do to each other.
final class ConnectionPair {
  var client: Connection
  var server: Connection
  private(set) var now = SegmentScript.start
  /// Segments sent by both, and those of them that carry data.
  private(set) var segments = 0
  private(set) var dataSegments = 0

  /// A pair whose handshake is complete.
  init(client clientSettings: ConnectionConfiguration, server serverSettings: ConnectionConfiguration) {
    let path = NetworkPath(version: .v4)
    client = Connection(
      configuration: clientSettings,
      path: path,
      ports: PortPair(local: 1_000, remote: 80),
      secrets: ConnectionSecrets(initialSequenceNumber: 1, timestampOffset: 2),
      now: now
    )
    client.open(now: now)
    var syn = SegmentPlan()
    _ = client.nextSegment(now: now, into: &syn)
    server = Connection(
      accepting: syn.header,
      configuration: serverSettings,
      path: path,
      ports: PortPair(local: 80, remote: 1_000),
      secrets: ConnectionSecrets(initialSequenceNumber: 3, timestampOffset: 4),
      now: now
    )
    exchange()
  }

  /// Delivers whatever either wants to send until both are silent.
  ///
  /// - Returns: whether they fell silent before ten thousand segments.
  @discardableResult
  func exchange() -> Bool {
    let limit = segments + 10_000
    while segments < limit {
      var isSilent = true
      var plan = SegmentPlan()
      while segments < limit, client.nextSegment(now: now, into: &plan) {
        isSilent = false
        note(plan)
        _ = server.receive(plan.header, payloadLength: plan.payload.count, codepoint: plan.codepoint, arrival: now)
      }
      while segments < limit, server.nextSegment(now: now, into: &plan) {
        isSilent = false
        note(plan)
        _ = client.receive(plan.header, payloadLength: plan.payload.count, codepoint: plan.codepoint, arrival: now)
      }
      if isSilent { return true }
    }
    return false
  }

  /// Lets time pass, and timers run when they are due.
  func pass(_ interval: Interval) {
    let end = now + interval
    while min(client.nextDeadline, server.nextDeadline) <= end {
      now = max(now, min(client.nextDeadline, server.nextDeadline))
      client.advance(to: now)
      server.advance(to: now)
      guard exchange() else { return }
      guard min(client.nextDeadline, server.nextDeadline) > now else { break }
    }
    now = max(now, end)
    client.advance(to: now)
    server.advance(to: now)
    exchange()
  }

  private func note(_ plan: SegmentPlan) {
    segments += 1
    if !plan.payload.isEmpty { dataSegments += 1 }
  }
}
