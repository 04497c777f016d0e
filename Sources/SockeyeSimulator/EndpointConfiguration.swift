public import SockeyeTCP

/// One end of a simulated connection.
public struct EndpointConfiguration: Sendable {
  /// The engine's settings.
  public var connection = ConnectionConfiguration()
  /// What the engine is told of the path.
  public var path = NetworkPath(version: .v4)
  /// Bytes of the largest packet that really gets through from this end; the rest vanishes. Less than the path's first
  /// link takes is a black hole, which probing has to find out.
  public var trueMTU = 1_500
  /// The program that uses the connection.
  public var application = ApplicationBehaviour.reading
  /// When the program opens the connection; nil for one that listens.
  public var opensAt: Instant?
  /// Whether an end that doesn't open listens; if not, its port is closed and answers with resets.
  public var listens = true
  /// The link that this end's packets go through; the other direction may be another one.
  public var link = 0
  /// Delay that this end's packets have besides the link's, for flows of different lengths over one link.
  public var extraDelay = Interval.zero
  /// How many full-sized segments one plan may cover.
  public var maximumSegments = 1

  /// An end that listens and reads, over the first link.
  public init() {}
}

/// How a connection ended at one end.
public enum ConnectionOutcome: Sendable, Equatable {
  /// It has not.
  case open
  /// In order.
  case finished
  /// Otherwise.
  case failed(ConnectionFailure)
}
