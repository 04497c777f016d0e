public import SockeyeTCP

/// What the program at one end of a simulated connection does with it.
public struct ApplicationBehaviour: Sendable, Equatable {
  /// How the connection is ended from this side.
  public enum Ending: Sendable, Equatable {
    /// Closes as soon as everything is written. Reading goes on: a half-close, if the peer has more to say.
    case closeWhenWritten
    /// Closes when everything is written and the peer has closed.
    case closeAfterPeer
    /// Closes and goes away as soon as everything is written: what arrives later is not wanted.
    case releaseWhenWritten
    /// Aborts when it has written this many bytes.
    case abortAfterWriting(UInt64)
    /// Aborts when it has read this many bytes.
    case abortAfterReading(UInt64)
    /// Leaves the connection open for ever.
    case never

    /// Whether the connection is broken off rather than closed.
    var isAbort: Bool {
      switch self {
      case .abortAfterWriting, .abortAfterReading: true
      case .closeWhenWritten, .closeAfterPeer, .releaseWhenWritten, .never: false
      }
    }
  }

  /// Bytes to send in all.
  public var bytesToSend: UInt64 = 0
  /// The most that one call writes.
  public var writeSize = Int.max
  /// Time between two writes; zero writes whenever there is room.
  public var writeInterval = Interval.zero
  /// The most that one call reads.
  public var readSize = Int.max
  /// Time between two reads; zero reads whenever there is something.
  public var readInterval = Interval.zero
  /// Stops reading when it has read this many bytes, which closes the window.
  public var pausesReadingAt: UInt64?
  /// How long it then reads nothing.
  public var readingPause = Interval.zero
  /// Time between the moment at which the connection could be closed and the close.
  public var endingDelay = Interval.zero
  /// How the connection is ended from this side.
  public var ending = Ending.closeWhenWritten

  /// A program that sends nothing, reads everything at once and closes.
  public init() {}

  /// A program that sends this much as fast as it can.
  public static func sending(_ bytes: UInt64, then ending: Ending = .closeWhenWritten) -> ApplicationBehaviour {
    var behaviour = ApplicationBehaviour()
    behaviour.bytesToSend = bytes
    behaviour.ending = ending
    return behaviour
  }

  /// A program that only reads, and closes after its peer.
  public static var reading: ApplicationBehaviour {
    var behaviour = ApplicationBehaviour()
    behaviour.ending = .closeAfterPeer
    return behaviour
  }
}

/// How far a program has got.
struct SimulatedApplication {
  let behaviour: ApplicationBehaviour
  /// How many bytes it has written.
  var written: UInt64 = 0
  /// How many bytes it has read.
  var read: UInt64 = 0
  /// When it may write next.
  var nextWrite = Instant.zero
  /// When it may read next.
  var nextRead = Instant.zero
  /// When the connection may be closed, once it could be.
  var endsAt: Instant?
  /// Whether the pause in reading has been taken.
  var hasPaused = false
  /// Whether the peer's close has been told.
  var peerHasClosed = false
  /// What it has done to its side of the connection.
  var stage = Stage.present

  /// What a program does to its side of the connection, once.
  enum Stage {
    case present
    /// It has closed, and reads what still comes.
    case closed
    /// It has closed and gone away, and reads no more.
    case gone
    case aborted
  }

  var hasEnded: Bool { stage != .present }
  var hasAborted: Bool { stage == .aborted }
  var isGone: Bool { stage == .gone }

  init(_ behaviour: ApplicationBehaviour) {
    self.behaviour = behaviour
  }

  /// How much one write may add now.
  func writable(capacity: Int, at now: Instant) -> Int {
    guard !hasEnded, now >= nextWrite else { return 0 }
    let remaining = Int(clamping: behaviour.bytesToSend - min(written, behaviour.bytesToSend))
    return min(remaining, capacity, max(behaviour.writeSize, 1), abortLimit(written))
  }

  /// How much one read may take now.
  func readable(count: Int, at now: Instant) -> Int {
    guard !isGone, now >= nextRead else { return 0 }
    var limit = min(count, max(behaviour.readSize, 1))
    if let pause = behaviour.pausesReadingAt, !hasPaused {
      limit = min(limit, Int(clamping: pause - min(read, pause)))
    }
    return limit
  }

  /// What is left to write until it aborts.
  private func abortLimit(_ count: UInt64) -> Int {
    guard case .abortAfterWriting(let limit) = behaviour.ending else { return .max }
    return Int(clamping: limit - min(count, limit))
  }

  /// Whether everything has been written that will be.
  var hasWrittenEverything: Bool { written >= behaviour.bytesToSend }
}
