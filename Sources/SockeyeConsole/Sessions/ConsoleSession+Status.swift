internal import NIOCore
internal import SockeyeTalk
internal import SockeyeTransport

/// What a session tells of what TCP is doing.
extension ConsoleSession {
  /// How many peers are told of at a time.
  private static let mostTold = 256
  /// How often it is told at most.
  private static let shortestPause = TimeAmount.milliseconds(100)

  /// Tells again and again, or no longer.
  func watchStatus(every pause: TimeAmount?) {
    statusTimer?.cancel()
    statusTimer = nil
    guard let pause else { return }
    let period = max(Self.shortestPause, pause)
    tellStatus()
    armStatus(period)
  }

  private func armStatus(_ period: TimeAmount) {
    statusTimer = eventLoop.assumeIsolated().scheduleTask(in: period) { [weak self] in
      self?.tellStatus()
      self?.armStatus(period)
    }
  }

  private func tellStatus() {
    guard let conversation else { return }
    for number in peers.keys.sorted().prefix(Self.mostTold) {
      guard let status = conversation.status(of: number) else { continue }
      tell("status", Self.members(status, of: number))
    }
  }

  private static func members(_ status: StreamStatus, of peer: Int) -> JSONObject {
    var members: JSONObject = [
      "peer": .integer(peer), "state": .string(status.stateName ?? ""), "rtt": milliseconds(status.roundTrip),
      "rttVariation": milliseconds(status.roundTripVariation), "rto": milliseconds(status.retransmissionTimeout),
      "congestionWindow": .integer(status.congestionWindow),
      "slowStartThreshold": status.slowStartThreshold.map { .integer($0) } ?? .null,
      "sendQueue": .integer(status.sendQueue), "receiveQueue": .integer(status.receiveQueue),
      "receiveSpace": .integer(status.receiveSpace), "segmentSize": .integer(status.segmentSize),
      "pathMTU": .integer(status.pathMTU), "retransmissions": .integer(status.retransmissions),
      "lost": .integer(status.lost), "tcp": status.engine == nil ? "kernel" : "engine",
    ]
    guard let engine = status.engine else { return members }
    members["minimumRtt"] = milliseconds(engine.minimumRoundTrip)
    members["inFlight"] = .integer(engine.inFlight)
    members["sendWindow"] = .integer(engine.sendWindow)
    members["deliveryRate"] = engine.deliveryRate == 0 ? .null : .count(engine.deliveryRate)
    members["pacingRate"] = engine.pacingRate == 0 ? .null : .count(engine.pacingRate)
    members["timeouts"] = .count(engine.timeouts)
    members["recovery"] = .string(engine.recovery.rawValue)
    return members
  }

  private static func milliseconds(_ amount: TimeAmount) -> JSONValue {
    .number(Double(amount.nanoseconds) / 1_000_000)
  }
}
