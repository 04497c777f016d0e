internal import NIOCore
internal import SockeyeText

/// Somebody who speaks to the console: a page, or a program. Confined to the console's event loop.
///
/// What it is told unasked is gathered for a while and told together. Memory is bounded: messages that come while as much
/// waits as may are counted, and their number is told in their place.
final class ConsoleLine {
  /// What tells lines apart, on any thread.
  final class Key: Sendable {}

  /// Where what is told goes; safe on any thread.
  struct Sink: Sendable {
    /// Whether it is a program's, which misses nothing, and is told each event by itself.
    let isForProgram: Bool
    /// Whether more can be taken without piling up.
    let isWritable: @Sendable () -> Bool
    /// Takes one object.
    let write: @Sendable (String) -> Void
    /// No more requests are to be read, or they are again.
    let hold: @Sendable (Bool) -> Void
  }

  /// How long events are gathered.
  static let gathering = TimeAmount.milliseconds(50)
  /// How much is gathered at most, in bytes of JSON.
  static let mostGathered = 1 << 20
  /// How many requests may wait for their answers.
  static let mostOutstanding = 64

  let key: Key
  private let sink: Sink
  private let eventLoop: any EventLoop
  private var events: [String] = []
  private var gathered = 0
  private var skipped: [String: (messages: Int, bytes: UInt64)] = [:]
  private var timer: Scheduled<Void>?
  private var outstanding = 0
  private var isHeld = false
  private var whenAnswered: (() -> Void)?

  init(_ key: Key, _ sink: Sink, on eventLoop: any EventLoop) {
    self.key = key
    self.sink = sink
    self.eventLoop = eventLoop
  }

  // MARK: Requests

  /// A request came.
  func asked() {
    outstanding += 1
    updateHold()
  }

  /// Answers a request.
  func answer(_ id: JSONValue, _ members: JSONObject) {
    var answer: JSONObject = ["id": id, "ok": true]
    for name in members.names { answer[name] = members[name] }
    finish(answer)
  }

  /// Refuses a request.
  func refuse(_ id: JSONValue, _ error: ConsoleError, in language: Language) {
    let what: JSONObject = ["kind": .string(error.kind.rawValue), "text": .string(error.phrase.text(in: language))]
    finish(["id": id, "ok": false, "error": .object(what)])
  }

  private func finish(_ answer: JSONObject) {
    // What happened before the answer is told before it.
    flush()
    sink.write(answer.text)
    outstanding -= 1
    updateHold()
    guard outstanding == 0 else { return }
    whenAnswered?()
    whenAnswered = nil
  }

  /// Calls back once no request waits for its answer.
  func whenAnswered(_ body: @escaping () -> Void) {
    if outstanding == 0 { body() } else { whenAnswered = body }
  }

  private func updateHold() {
    let mustHold = outstanding >= Self.mostOutstanding || !sink.isWritable()
    guard mustHold != isHeld else { return }
    isHeld = mustHold
    sink.hold(mustHold)
  }

  // MARK: Events

  /// Whether peers may be read from, as far as this line is concerned.
  var isReady: Bool { !sink.isForProgram || sink.isWritable() }

  /// Whether another message is told, not counted.
  var takesMessages: Bool { sink.isForProgram || gathered < Self.mostGathered && sink.isWritable() }

  /// Counts a message that isn't told.
  func skip(_ session: String, bytes: Int) {
    let before = skipped[session] ?? (0, 0)
    skipped[session] = (before.messages + 1, before.bytes + UInt64(bytes))
    arm()
  }

  /// Tells of something.
  func tell(_ event: String) {
    if sink.isForProgram { return sink.write(event) }
    events.append(event)
    gathered += event.utf8.count
    arm()
  }

  private func arm() {
    guard timer == nil else { return }
    timer = eventLoop.assumeIsolated().scheduleTask(in: Self.gathering) { [weak self] in self?.ripe() }
  }

  private func ripe() {
    timer = nil
    // Whoever doesn't read is told when it does.
    if sink.isWritable() { flush() } else { arm() }
  }

  /// Tells what is gathered.
  private func flush() {
    guard sink.isWritable() else { return }
    for (session, count) in skipped.sorted(by: { $0.key < $1.key }) {
      let event: JSONObject = [
        "event": "skipped", "session": .string(session), "messages": .integer(count.messages),
        "bytes": .count(count.bytes),
      ]
      events.append(event.text)
    }
    skipped.removeAll()
    guard !events.isEmpty else { return }
    sink.write("{\"events\":[\(events.joined(separator: ","))]}")
    events.removeAll(keepingCapacity: true)
    gathered = 0
  }

  /// More can be written again.
  func becameWritable() {
    updateHold()
    if timer == nil, !events.isEmpty || !skipped.isEmpty { arm() }
  }

  /// Nobody is there any more.
  func end() { timer?.cancel() }
}
