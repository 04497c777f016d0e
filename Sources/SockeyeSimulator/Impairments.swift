public import SockeyeTCP

/// How packets get lost on the way.
public enum LossModel: Sendable, Equatable {
  /// No packet is lost.
  case none
  /// Each packet is lost with this probability, whatever happened to the one before it.
  case independent(Double)
  /// Losses come in bursts: Gilbert and Elliott's two-state chain.
  case bursty(GilbertElliott)
}

/// The two-state loss model of Gilbert (1960) and Elliott (1963). The chain steps once for each packet; then the packet
/// is lost with the probability of the state that the chain is in.
public struct GilbertElliott: Sendable, Equatable {
  /// The probability of going from the good state to the bad one at a packet.
  public var enterBad: Double
  /// The probability of going back. Its inverse is the mean length of a bad spell, in packets.
  public var leaveBad: Double
  /// The probability of loss in the good state.
  public var lossInGood: Double
  /// The probability of loss in the bad state.
  public var lossInBad: Double

  /// Creates a model, by default Gilbert's simple one: nothing is lost in the good state, all in the bad.
  public init(enterBad: Double, leaveBad: Double, lossInGood: Double = 0, lossInBad: Double = 1) {
    self.enterBad = enterBad
    self.leaveBad = leaveBad
    self.lossInGood = lossInGood
    self.lossInBad = lossInBad
  }
}

/// How a packet's share of the jitter is drawn.
public enum JitterDistribution: CaseIterable, Sendable {
  /// Every part is as likely as any other.
  case uniform
  /// A bell around half of it, which twelve even draws make (Irwin and Hall); nothing lies outside.
  case normal
  /// Most packets are hardly held up, few for long: Pareto's with a shape of 3, cut at the whole.
  case pareto
}

/// What one direction of a link does to packets. The default is a perfect link: no delay, no limit, no harm.
///
/// Probabilities are between 0 and 1; anything outside counts as the nearer end.
public struct Impairments: Sendable, Equatable {
  /// Propagation delay, the same for every packet.
  public var delay: Interval = .zero
  /// A packet's delay grows by a part of this.
  public var jitter: Interval = .zero
  /// How that part is drawn.
  public var jitterDistribution = JitterDistribution.uniform
  /// Whether jitter may let a packet overtake an earlier one. If not, a packet arrives no sooner than those before it.
  public var jitterReorders = false
  /// The rate at which packets leave the queue; nil for a link without a rate, which then has no queue either.
  public var bitsPerSecond: UInt64?
  /// Drop-tail: a packet that would make the queue longer than this is dropped. The packet being transmitted counts.
  public var queueBytes: Int?
  /// The same limit, counted in packets.
  public var queuePackets: Int?
  /// Keeps the queue's delay bounded besides; nil for a queue that only knows its limits.
  public var controlledDelay: ControlledDelay?
  /// A packet that finds at least this many bytes in the queue is marked "congestion experienced" (RFC 3168), if its
  /// sender says that it understands the mark.
  public var markingThresholdBytes: Int?
  /// What is lost after the queue, on the wire.
  public var loss: LossModel = .none
  /// Packets that are lost whatever the model says, by their place among those offered to the link, from one.
  public var lostPackets: Set<UInt64> = []
  /// Packets that are held up by `reorderingDelay`, by their place.
  public var delayedPackets: Set<UInt64> = []
  /// The probability that a packet arrives twice.
  public var duplication: Double = 0
  /// The probability that a packet is held up by `reorderingDelay` while later ones pass it.
  public var reordering: Double = 0
  /// How long a reordered packet is held up.
  public var reorderingDelay: Interval = .zero
  /// The probability that a byte of a packet is changed.
  public var corruption: Double = 0
  /// The times at which nothing gets through, in ascending order.
  public var outages: [Range<Instant>] = []

  /// Creates a perfect link.
  public init() {}
}
