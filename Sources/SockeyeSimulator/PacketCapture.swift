public import SockeyeTCP
import SockeyeWire

/// A capture of what the endpoints of a simulation send, for Wireshark and its tools: bare IP packets at the time of
/// sending, with what became of each as its comment.
public struct PacketCapture: Sendable {
  /// The pcapng file so far.
  public private(set) var bytes: [UInt8] = []
  /// How many packets are in it.
  public private(set) var packetCount = 0
  /// How many packets came after the capture was full.
  public private(set) var missedCount = 0

  /// The date of time zero, in nanoseconds since 1970: a billion seconds. Virtual time has no date of its own, and
  /// analysers take a time of zero for one that isn't known.
  private static let origin: UInt64 = 1_000_000_000 * 1_000_000_000

  private var writer: PcapngWriter
  private let interface: Int
  private let byteLimit: Int

  /// An empty capture, which takes packets until it has grown to `byteLimit`.
  public init(comment: String = "", byteLimit: Int = 64 << 20) {
    writer = PcapngWriter(application: "Sockeye simulator", comment: comment, into: &bytes)
    interface = writer.addInterface(PcapngInterface(name: "network"), into: &bytes)
    self.byteLimit = byteLimit
  }

  /// Adds a packet, sent at `time`, with what became of it as its comment.
  public mutating func add(_ packet: [UInt8], at time: Instant, fate: String) {
    guard bytes.count < byteLimit else {
      missedCount += 1
      return
    }
    packetCount += 1
    writer.addPacket(
      packet.span.bytes,
      at: Self.origin + UInt64(clamping: time.nanoseconds),
      interface: interface,
      comment: fate,
      into: &bytes
    )
  }
}

extension LinkDecision {
  /// What became of a packet, in a few words; empty for one that arrives whole and once.
  public var fate: String {
    switch self {
    case .dropped(.outage): "dropped: link down"
    case .dropped(.queueFull): "dropped: queue full"
    case .dropped(.queueDelay): "dropped: waited too long"
    case .dropped(.loss): "lost"
    case .delivered(let passage):
      if passage.corruption != nil {
        "corrupted"
      } else if passage.duplicateDelivery != nil {
        "duplicated"
      } else if passage.isMarked {
        "marked: congestion experienced"
      } else {
        ""
      }
    }
  }
}
