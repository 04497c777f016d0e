public import SockeyeLink
public import SockeyeTransport

/// A bad network in front of a port as people write it: an `ImpairmentSpecification`, and what happens to each stream.
///
/// Further keys: `reset`, `close` and `silence` with a size, after which that happens to a stream (``StreamFault``); `mtu`, the
/// longest packet in bytes, in both directions.
public struct PathSpecification: Equatable, Sendable {
  /// What happens to packets.
  public var impairments = ImpairmentSpecification()
  /// What happens to streams.
  public var faults = StreamFaults()
  /// The longest packet, in bytes, 576...65,535.
  public private(set) var maximumTransmissionUnit = 1500

  /// A perfect network.
  public init() {}

  /// Reads a specification.
  ///
  /// - Throws: a failure of kind `usage` that names what is wrong.
  public init(_ text: String) throws(Failure) {
    try change(by: text)
  }

  /// Changes what a text names, and leaves the rest as it is.
  ///
  /// - Throws: a failure of kind `usage` that names what is wrong.
  public mutating func change(by text: String) throws(Failure) {
    var changed = self
    for part in text.split(separator: ",", omittingEmptySubsequences: true) {
      try changed.change(byPart: String(part))
    }
    self = changed
  }

  /// Changes what may change while the network is in use: the longest packet may not.
  ///
  /// - Throws: a failure of kind `usage` that names what is wrong.
  public mutating func change(byLiveText text: String) throws(Failure) {
    var changed = self
    try changed.change(by: text)
    guard changed.maximumTransmissionUnit == maximumTransmissionUnit, changed.faults == faults else {
      throw Failure(.usage, .cannotChange(text))
    }
    self = changed
  }

  private mutating func change(byPart part: String) throws(Failure) {
    let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var (key, directions) = (pair[0], Self.both)
    if key.hasPrefix("up:") { (key, directions) = (String(key.dropFirst(3)), [\.up]) }
    if key.hasPrefix("down:") { (key, directions) = (String(key.dropFirst(5)), [\.down]) }
    guard pair.count == 2 else { throw Failure(ImpairmentSpecification.Problem.notAPair(part)) }
    if let kind = StreamFault.Kind(rawValue: key) {
      guard let size = try? ImpairmentSpecification.size(pair[1], of: key) else {
        throw Failure(.usage, .faultTakesSize(part, key))
      }
      for direction in directions { faults[keyPath: direction] = StreamFault(kind, after: size) }
    } else if key == "mtu" {
      guard directions.count == 2, let mtu = Int(pair[1]), (576...65_535).contains(mtu) else {
        throw Failure(.usage, .badMTU(part))
      }
      maximumTransmissionUnit = mtu
    } else {
      do throws(ImpairmentSpecification.Problem) {
        try impairments.change(by: part)
      } catch {
        throw Failure(error)
      }
    }
  }

  private static var both: [WritableKeyPath<StreamFaults, StreamFault?>] { [\.up, \.down] }
}

extension Failure {
  /// What is wrong with a specification of impairments, in a line.
  public init(_ problem: ImpairmentSpecification.Problem) {
    self.init(.usage, .wrongImpairment(problem.phrase))
  }
}
