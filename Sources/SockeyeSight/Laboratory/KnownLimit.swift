internal import SockeyeSimulator
internal import SockeyeTCP

/// A transfer that was set up to have one limit, to hold the verdict to.
public struct KnownLimit: Sendable {
  /// What holds it up.
  public let limit: Limit
  /// What is sent, over what.
  public let transfer: Transfer
  /// What chance comes from.
  public let seed: UInt64

  /// The limits that can be set up.
  public static let limits: [Limit] = [
    .application, .receiveWindow, .sendBuffer, .loss, .bottleneck, .delayedAcknowledgment,
  ]

  /// The transfer of a number: the limits take turns, and round trips, rates and sizes come from the seed.
  public init(number: Int, seed: UInt64) {
    limit = Self.limits[number % Self.limits.count]
    self.seed = seed &+ UInt64(truncatingIfNeeded: number)
    var random = SeededGenerator(seed: self.seed &* 0x9E37_79B9_7F4A_7C15)
    transfer = Self.transfer(limit, &random)
  }

  private static func transfer(_ limit: Limit, _ random: inout SeededGenerator) -> Transfer {
    let roundTrip = Int64.random(in: 8...80, using: &random)
    let rate = UInt64.random(in: 50...200, using: &random) * 1_000_000
    var path = Impairments()
    path.delay = .microseconds(roundTrip * 500)
    var transfer = Transfer(size: 2 << 20, congestionControl: .cubic, outbound: path, inbound: path)
    // What the path holds, in bytes; a limit below half of it is felt.
    var product = rate / 8_000 * UInt64(roundTrip)
    transfer.outbound.bitsPerSecond = rate
    switch limit {
    case .application:
      transfer.sender.application.writeSize = Int.random(in: 500...8_000, using: &random)
      transfer.sender.application.writeInterval = .milliseconds(roundTrip + .random(in: 60...120, using: &random))
      transfer.size = UInt64(transfer.sender.application.writeSize) * 60
    case .receiveWindow where Bool.random(using: &random):
      // The reader is slow, and its buffer fills.
      transfer.receiver.application.readSize = Int.random(in: 4_000...20_000, using: &random)
      transfer.receiver.application.readInterval = .milliseconds(roundTrip * 2)
      transfer.size = UInt64(transfer.receiver.application.readSize) * 100
      setWindow(65_535, of: &transfer.receiver)
    case .receiveWindow:
      setWindow(
        UInt32(clamping: min(product / 2, UInt64.random(in: 8_192...49_152, using: &random))),
        of: &transfer.receiver
      )
    case .sendBuffer:
      let buffer = min(product / 2, UInt64.random(in: 8_192...65_536, using: &random))
      transfer.sender.connection.sendBuffer = UInt32(clamping: max(buffer, 6_000))
    case .loss:
      transfer.outbound.loss = .independent(Double.random(in: 0.01...0.03, using: &random))
      transfer.outbound.bitsPerSecond = nil
    case .bottleneck:
      let slow = UInt64.random(in: 2...10, using: &random) * 1_000_000
      product = slow / 8_000 * UInt64(roundTrip)
      transfer.outbound.bitsPerSecond = slow
      transfer.outbound.queueBytes = Int(clamping: max(product * 2, 30_000))
    default:
      // A second small segment waits for the first's acknowledgment, and that waits for the second.
      transfer.sender.connection.sendBuffer = UInt32.random(in: 200...600, using: &random)
      transfer.sender.application.writeSize = 100
      transfer.sender.application.writeInterval = .milliseconds(1)
      transfer.receiver.connection.quickAcknowledgments = 0
      transfer.size = 12_000
    }
    return transfer
  }

  private static func setWindow(_ bytes: UInt32, of end: inout EndpointConfiguration) {
    end.connection.initialReceiveWindow = bytes
    end.connection.receiveBuffer = bytes
    end.connection.autotune = false
  }

  /// Runs the transfer. Returns what the verdict says from the engines' own events, and from a capture at the sender and
  /// at the receiver.
  public func verdicts() -> (engines: Verdict?, atSender: Verdict?, atReceiver: Verdict?) {
    guard let conversation = transfer.run(seed: seed, recording: .conversation).conversation else {
      return (nil, nil, nil)
    }
    return (Verdict(conversation), Verdict(conversation.seen(at: .first)), Verdict(conversation.seen(at: .second)))
  }
}

extension Conversation {
  /// The conversation as a capture at one end shows it: what the end sends when it leaves, what it receives when it
  /// arrives, and nothing of what never does.
  public func seen(at place: End) -> Conversation {
    var result = self
    result.events = []
    var underWay: [UInt64: Segment] = [:]
    for event in events {
      switch event.kind {
      case .sent(let segment, _) where event.end == place:
        result.events.append(Event(time: event.time, end: place, kind: .sent(segment, .delivered)))
        result.events.append(Event(time: event.time, end: place.other, kind: .received(number: segment.number)))
      case .sent(let segment, _): underWay[segment.number] = segment
      case .received(let number) where event.end == place:
        guard let segment = underWay[number] else { continue }
        result.events.append(Event(time: event.time, end: place.other, kind: .sent(segment, .delivered)))
        result.events.append(event)
      case .received, .entered, .updated, .datagram: continue
      }
    }
    return result
  }
}

/// How often each known limit was called what.
public struct ConfusionTable: Sendable {
  /// The counts, by what was set up and what was said.
  public private(set) var counts: [Limit: [Limit: Int]] = [:]
  /// The transfers that were judged wrongly, by number.
  public private(set) var wrong: [(number: Int, limit: Limit, said: Limit?)] = []
  /// How many verdicts there are.
  public private(set) var total = 0

  /// An empty table.
  public init() {}

  /// Notes what was said of a transfer.
  public mutating func add(_ said: Limit?, of known: KnownLimit, number: Int) {
    total += 1
    if let said { counts[known.limit, default: [:]][said, default: 0] += 1 }
    if said != known.limit { wrong.append((number, known.limit, said)) }
  }

  /// The part of verdicts that are right, from 0 to 1.
  public var accuracy: Double { total == 0 ? 0 : Double(total - wrong.count) / Double(total) }
}
