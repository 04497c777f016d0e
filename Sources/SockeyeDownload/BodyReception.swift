internal import NIOCore
internal import SockeyeTransport

/// The body of one response on its way to where it was planned to go.
struct BodyReception {
  private enum Progress {
    /// More is to come.
    case flowing
    /// All of it has come.
    case whole
    /// What follows is another connection's, and is left unread.
    case displaced
  }

  /// What follows from bytes that came.
  enum Step {
    /// Nothing.
    case none
    /// They are to be written at this offset. What they cost is outstanding until ``settle(_:)``.
    case write(ByteBuffer, DownloadStore, StorePlan, at: UInt64)
    /// They break what the response or the plan said.
    case fail(Failure)
  }

  /// What a buffer costs beside its bytes: the page that a single one makes resident, and the bookkeeping. A server that
  /// sends byte by byte shall not fill the memory with them.
  private static let bufferOverhead = 4 << 10

  let promise: EventLoopPromise<BodyOutcome>
  private let url: DownloadURL
  private let plan: BodyPlan
  let framing: BodyFraming
  private(set) var outcome = BodyOutcome()
  private var progress = Progress.flowing
  private var position: UInt64 = 0
  private var claimEnd: UInt64 = 0
  /// What the bytes cost that the store has not written and hashed yet.
  private(set) var outstanding = 0

  init(_ plan: BodyPlan, url: DownloadURL, framing: BodyFraming, promise: EventLoopPromise<BodyOutcome>) {
    self.plan = plan
    self.url = url
    self.framing = framing
    self.promise = promise
    if case .store(_, let store) = plan {
      position = store.claim.lowerBound
      claimEnd = store.claim.upperBound
    }
  }

  /// Whether nothing more is wanted from the connection.
  var isOver: Bool {
    if case .flowing = progress { false } else { true }
  }

  /// Whether the connection has been left with bytes unread.
  var isDisplaced: Bool {
    if case .displaced = progress { true } else { false }
  }

  /// Whether all that was wanted has come and is where it belongs.
  var isDone: Bool { isOver && outstanding == 0 }

  /// Takes bytes that have come.
  mutating func take(_ buffer: ByteBuffer) -> Step {
    guard !isOver else { return .none }
    switch plan {
    case .discard: return .none
    case .collect(let limit):
      guard outcome.body.readableBytes + buffer.readableBytes <= limit else {
        return .fail(Failure(.peerProtocol, .answerTooLong(url, limit)))
      }
      outcome.body.writeImmutableBuffer(buffer)
      return .none
    case .store(let store, let plan): return take(buffer, for: store, plan)
    }
  }

  private mutating func take(_ buffer: ByteBuffer, for store: DownloadStore, _ plan: StorePlan) -> Step {
    let end = position + UInt64(buffer.readableBytes)
    if let last = plan.end, end > last {
      return .fail(Failure(.peerProtocol, .bodyTooLong(url)))
    }
    while claimEnd < end {
      guard let extended = store.pieces.extend(claimEnd, by: max(plan.stride, 1)) else {
        progress = .displaced
        break
      }
      claimEnd = extended
    }
    let offset = position
    position = min(end, claimEnd)
    let count = Int(position - offset)
    guard count > 0, let slice = buffer.getSlice(at: buffer.readerIndex, length: count) else { return .none }
    outcome.stored += UInt64(count)
    outstanding += Self.cost(of: slice)
    return .write(slice, store, plan, at: offset)
  }

  /// The body has ended in order.
  ///
  /// - Returns: Whether it ended where it had to.
  mutating func end() -> Bool {
    guard !isOver else { return true }
    if case .store(_, let plan) = plan, let end = plan.end, position != end { return false }
    progress = .whole
    return true
  }

  /// A buffer is written and hashed.
  mutating func settle(_ buffer: ByteBuffer) { outstanding -= Self.cost(of: buffer) }

  private static func cost(of buffer: ByteBuffer) -> Int { buffer.readableBytes + bufferOverhead }

  /// Gives back what was claimed and did not come.
  func releaseClaim() {
    guard case .store(let store, _) = plan, position < claimEnd else { return }
    store.pieces.release(position..<claimEnd)
  }

  /// What to say when the connection ends before the body.
  var cutFailure: Failure {
    guard case .store(_, let plan) = plan else {
      return Failure(.network, .serverClosed(url))
    }
    return Failure(.integrity, .cutAfter(url, position, of: plan.end))
  }
}
