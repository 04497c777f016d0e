/// The simulator's only source of randomness, and that of all tests: xoshiro256** (Blackman and Vigna), its state filled
/// from one seed by SplitMix64. The same seed gives the same numbers on every machine, which is what makes a failing run
/// replay.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// Creates a generator. Any seed will do, zero included.
  public init(seed: UInt64) {
    var expander = SplitMix64(state: seed)
    state = (expander.next(), expander.next(), expander.next(), expander.next())
  }

  /// A generator that goes on from a known state.
  init(state: (UInt64, UInt64, UInt64, UInt64)) {
    self.state = state
  }

  /// The next 64 uniformly distributed bits.
  public mutating func next() -> UInt64 {
    let result = rotated(state.1 &* 5, by: 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotated(state.3, by: 45)
    return result
  }

  /// True with the given probability. Zero and below is never, one and above is always; neither spends a number, so
  /// an impairment that is switched off leaves the rest of a run as it was.
  public mutating func chance(_ probability: Double) -> Bool {
    guard probability > 0 else { return false }
    guard probability < 1 else { return true }
    // 53 bits are what a Double holds exactly.
    return Double(next() >> 11) * 0x1p-53 < probability
  }

  /// A number in `0..<bound`, evenly distributed; zero for a bound of zero.
  public mutating func below(_ bound: UInt64) -> UInt64 {
    guard bound > 0 else { return 0 }
    // Lemire's multiplication; what is rejected is the uneven remainder of 2^64 divided by the bound.
    let uneven = (0 &- bound) % bound
    while true {
      let product = next().multipliedFullWidth(by: bound)
      if product.low >= uneven { return product.high }
    }
  }

  /// A number in the range, evenly distributed.
  public mutating func within(_ range: ClosedRange<Int>) -> Int {
    let span = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
    let offset = span == .max ? next() : below(span + 1)
    return range.lowerBound &+ Int(truncatingIfNeeded: offset)
  }

  /// A number whose count of bits is evenly distributed, so that small and large ones are drawn alike.
  ///
  /// - Parameter bits: how far its highest bit is from its lowest, 0...62.
  public mutating func logarithmic(bits: ClosedRange<Int>) -> UInt64 {
    let magnitude = UInt64(1) << UInt64(clamping: within(bits))
    return magnitude + below(magnitude)
  }

  /// One of the elements, of which there must be one.
  public mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int(clamping: below(UInt64(elements.count)))]
  }

  /// So many bytes, of all values alike.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<max(count, 0)).map { _ in UInt8(truncatingIfNeeded: next() >> 56) }
  }

  /// A generator for one part of a run, so that what one part draws does not move the numbers of another.
  public mutating func fork() -> SeededGenerator {
    SeededGenerator(seed: next())
  }
}

/// SplitMix64 (Steele, Lea and Flood): spreads one seed over a larger state, and scrambles a counter into bytes.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return SplitMix64.scrambled(state)
  }

  static func scrambled(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

private func rotated(_ value: UInt64, by count: UInt64) -> UInt64 {
  (value << count) | (value >> (64 - count))
}
