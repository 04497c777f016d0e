internal import SockeyeTCP
internal import SockeyeWire

/// The SYNs whose flows wait for their owner's answer, in the order in which they came: the last SYN of each, without data.
///
/// Bounded in count: a SYN that finds no room is dropped, since its peer sends it again. All wait equally long, so the order
/// in which they came is the order in which they expire, and the first that its owner wasn't asked about comes before all
/// others that it wasn't.
struct PendingFlows: ~Copyable {
  struct Flow {
    let tuple: FourTuple
    let local: Endpoint
    let remote: Endpoint
    /// What the initial sequence number is to lie above, where the tuple has just left TIME-WAIT.
    let sequenceFloor: UInt32?
    let expiry: Instant
    /// The peer's last SYN.
    var syn: TCPHeader
    var codepoint: ECNCodepoint
    /// Who came next, and who came before.
    var next = Place<Flow>.none
    var previous = Place<Flow>.none
  }

  /// Bytes of a flow.
  static var entrySize: Int { MemoryLayout<Flow>.stride }

  private var flows = Slab<Flow, Flow>()
  private var placesByTuple: FlowTable
  private var oldest = Place<Flow>.none
  private var newest = Place<Flow>.none
  private var firstUnasked = Place<Flow>.none
  private let limit: Int
  private let patience: Interval

  init(key: SecretKey, limit: Int, patience: Interval) {
    placesByTuple = FlowTable(key: key)
    self.limit = limit
    self.patience = patience
  }

  var count: Int { flows.count }

  /// When the oldest is due.
  var nextDeadline: Instant { oldest == .none ? .never : flows[oldest].expiry }

  private func place(of tuple: FourTuple) -> Place<Flow>? {
    guard flows.count > 0 else { return nil }
    return placesByTuple.number(of: tuple) { flows[Place($0)].tuple == tuple }.map { Place($0) }
  }

  /// Takes a SYN in: that of a new flow, or the latest of one that waits. Returns whether there was room.
  mutating func insert(_ passing: PassingSegment, codepoint: ECNCodepoint, now: Instant) -> Bool {
    if let place = place(of: passing.tuple) {
      flows[place].syn = passing.header
      flows[place].codepoint = codepoint
      return true
    }
    guard flows.count < limit else { return false }
    let flow = Flow(
      tuple: passing.tuple,
      local: passing.local,
      remote: passing.remote,
      sequenceFloor: passing.sequenceFloor,
      expiry: now + patience,
      syn: passing.header,
      codepoint: codepoint
    )
    let place = flows.insert(flow)
    placesByTuple.insert(place.index, for: passing.tuple)
    flows[place].previous = newest
    if newest != .none { flows[newest].next = place } else { oldest = place }
    newest = place
    if firstUnasked == .none { firstUnasked = place }
    return true
  }

  /// Forgets a flow whose peer resets it. As in SYN-RECEIVED, where the next byte of the peer's is the one behind its SYN,
  /// only a reset of just that number counts (RFC 5961 section 3.2).
  mutating func receiveReset(_ header: TCPHeader, tuple: FourTuple) {
    guard let place = place(of: tuple) else { return }
    guard SequenceNumber(header.sequenceNumber) == SequenceNumber(flows[place].syn.sequenceNumber) + 1 else { return }
    _ = remove(place)
  }

  /// The next flow that its owner wasn't asked about; nil if there is none.
  mutating func nextUnasked() -> IncomingFlow? {
    guard firstUnasked != .none else { return nil }
    let place = firstUnasked
    firstUnasked = flows[place].next
    return IncomingFlow(local: flows[place].local, remote: flows[place].remote, handle: flows.handle(at: place))
  }

  /// Whether the flow still waits.
  func contains(_ handle: Handle) -> Bool { flows.place(of: handle) != nil }

  /// Takes the flow out; nil if it doesn't wait any more.
  mutating func take(_ handle: Handle) -> Flow? {
    flows.place(of: handle).map { remove($0) }
  }

  /// Drops those whose time is over.
  mutating func expire(now: Instant) {
    while oldest != .none, flows[oldest].expiry <= now { _ = remove(oldest) }
  }

  private mutating func remove(_ place: Place<Flow>) -> Flow {
    if firstUnasked == place { firstUnasked = flows[place].next }
    let (previous, next) = (flows[place].previous, flows[place].next)
    if previous != .none { flows[previous].next = next } else { oldest = next }
    if next != .none { flows[next].previous = previous } else { newest = previous }
    placesByTuple.remove(place.index, for: flows[place].tuple)
    return flows.remove(at: place)
  }

  /// Checks that the list holds all, in the order in which they expire, and that each is found.
  func checkInvariants() {
    var (place, previous, listed, unasked) = (oldest, Place<Flow>.none, 0, 0)
    var expiry = Instant.zero
    while place != .none {
      precondition(flows[place].previous == previous, "a list that can't be walked back")
      precondition(self.place(of: flows[place].tuple) == place, "a flow that its tuple doesn't find")
      precondition(flows[place].expiry >= expiry, "a flow that waits for a later one to expire")
      if place == firstUnasked { unasked += 1 }
      expiry = flows[place].expiry
      listed += 1
      (previous, place) = (place, flows[place].next)
    }
    precondition(listed == flows.count && listed == placesByTuple.count && newest == previous, "a list that lost some")
    precondition(unasked == (firstUnasked == .none ? 0 : 1), "a question about a flow that is gone")
    precondition(listed <= limit, "more flows than may wait")
    placesByTuple.checkInvariants()
  }
}
