import DequeModule

/// The clients of a server: those who are served, those who wait for their turn, and those who are about to leave.
struct Clientele {
  /// What becomes of somebody who comes.
  enum Admission: Equatable {
    case serve
    case wait(ahead: Int)
  }

  let limit: Int?
  private(set) var served: [Int: Session] = [:]
  private(set) var waiting: Deque<Session> = []
  /// Sessions that hear their peer out after all was said; they take no teller.
  private var leaving: [Int: Session] = [:]

  init(limit: Int?) { self.limit = limit }

  var isEmpty: Bool { served.isEmpty && waiting.isEmpty && leaving.isEmpty }
  var hasRoom: Bool { limit.map { served.count < $0 } ?? true }

  /// Admits somebody who has come, or has him wait.
  mutating func admit(_ session: Session) -> Admission {
    guard hasRoom else {
      waiting.append(session)
      return .wait(ahead: waiting.count - 1)
    }
    served[session.peer.number] = session
    return .serve
  }

  /// Somebody is sent away.
  mutating func turnAway(_ session: Session) { leaving[session.peer.number] = session }

  /// Gives a free place to the first of those who wait.
  mutating func next() -> Session? {
    while hasRoom, let next = waiting.popFirst() {
      guard next.isFinishing else {
        served[next.peer.number] = next
        return next
      }
      leaving[next.peer.number] = next
    }
    return nil
  }

  /// Somebody who is served has nothing more to be told.
  ///
  /// - Returns: Whether that makes room.
  mutating func leave(_ session: Session) -> Bool {
    guard served.removeValue(forKey: session.peer.number) != nil else { return false }
    leaving[session.peer.number] = session
    return true
  }

  /// Forgets somebody who is gone.
  ///
  /// - Returns: Whether it had been more than waiting.
  mutating func remove(_ session: Session) -> Bool {
    let wasServed = served.removeValue(forKey: session.peer.number) != nil
    let wasLeaving = leaving.removeValue(forKey: session.peer.number) != nil
    if !wasServed, !wasLeaving, let place = waiting.firstIndex(where: { $0 === session }) { waiting.remove(at: place) }
    return wasServed || wasLeaving
  }

  /// Somebody who is served, or waits.
  func find(_ number: Int) -> Session? { served[number] ?? waiting.first { $0.peer.number == number } }

  /// All who are served or wait, in the order in which they came.
  var all: [(session: Session, isWaiting: Bool)] {
    let all = served.values.map { (session: $0, isWaiting: false) } + waiting.map { (session: $0, isWaiting: true) }
    return all.sorted { $0.session.peer.number < $1.session.peer.number }
  }
}
