extension TCPOptions {
  /// The byte counters of the accurate ECN option (RFC 9768 section 3.2.3), each modulo 2^24.
  ///
  /// The option may end after any counter; the two kinds differ in their order, so that whichever counter moves can
  /// come first.
  public struct AccurateECN: Hashable, Sendable {
    /// Which counter the option starts with.
    public enum Order: UInt8, Sendable {
      /// Kind 172: ECT(0), CE, ECT(1).
      case ect0First
      /// Kind 174: ECT(1), CE, ECT(0).
      case ect1First
    }

    /// The order of the wire.
    public var order: Order
    /// How many counters the option carries, 0...3.
    public private(set) var count: UInt8
    private var counters: (UInt32, UInt32, UInt32)

    /// The option with all three counters, or the first `count` of them in the given order. Only the low 24 bits of
    /// each counter are kept.
    @_noLocks
    public init(order: Order, ect0Bytes: UInt32, ceBytes: UInt32, ect1Bytes: UInt32, count: Int = 3) {
      self.order = order
      self.count = UInt8(min(max(count, 0), 3))
      let first = order == .ect0First ? ect0Bytes : ect1Bytes
      let last = order == .ect0First ? ect1Bytes : ect0Bytes
      counters = (
        self.count > 0 ? first & 0xFF_FFFF : 0,
        self.count > 1 ? ceBytes & 0xFF_FFFF : 0,
        self.count > 2 ? last & 0xFF_FFFF : 0
      )
    }

    /// The counters in the order of the wire.
    @_noLocks
    init(order: Order, count: UInt8, inWireOrder counters: (UInt32, UInt32, UInt32)) {
      self.order = order
      self.count = count
      self.counters = counters
    }

    /// EE0B: payload bytes received with ECT(0), modulo 2^24; nil if the option stops short of it.
    public var ect0Bytes: UInt32? { order == .ect0First ? counter(0) : counter(2) }

    /// ECEB: payload bytes received with CE, modulo 2^24; nil if the option stops short of it.
    public var ceBytes: UInt32? { counter(1) }

    /// EE1B: payload bytes received with ECT(1), modulo 2^24; nil if the option stops short of it.
    public var ect1Bytes: UInt32? { order == .ect0First ? counter(2) : counter(0) }

    /// The counter at a position of the wire.
    @_noLocks
    func counter(_ position: UInt8) -> UInt32? {
      guard position < count else { return nil }
      return position == 0 ? counters.0 : position == 1 ? counters.1 : counters.2
    }

    /// Whether both say the same in the same order.
    public static func == (a: AccurateECN, b: AccurateECN) -> Bool {
      a.order == b.order && a.count == b.count && a.counters == b.counters
    }

    /// Feeds order and counters.
    public func hash(into hasher: inout Hasher) {
      hasher.combine(order)
      hasher.combine(count)
      hasher.combine(counters.0)
      hasher.combine(counters.1)
      hasher.combine(counters.2)
    }
  }
}
