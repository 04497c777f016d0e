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
    /// Takes one block; nothing where there is no way to tell it from an object.
    var writeBlock: (@Sendable (ByteBuffer) -> Void)?
    /// No more requests are to be read, or they are again.
    let hold: @Sendable (Bool) -> Void
  }

  /// How long events are gathered.
  static let gathering = TimeAmount.milliseconds(50)
  /// How much is gathered before messages are counted in place of being told, in bytes.
  static let mostGathered = 1 << 20
  /// How much is gathered before what else happens isn't told either, but that something was missed.
  static let mostEvents = 4 << 20
  /// How many requests may wait for their answers.
  static let mostOutstanding = 64

  let key: Key
  private let sink: Sink
  private let eventLoop: any EventLoop
  private var events: [String] = []
  private var eventBytes = 0
  /// Where all is gathered for whoever has asked for blocks.
  private var block: MessageBlock?
  /// Whether something that is no message was missed.
  private var hasMissed = false
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
  var takesMessages: Bool { sink.isForProgram || gathered < Self.mostGathered }

  private var gathered: Int { block?.size ?? eventBytes }

  /// Tells in blocks from here on.
  ///
  /// - Returns: Whether that is possible.
  func takeBlocks() -> Bool {
    guard sink.writeBlock != nil else { return false }
    guard block == nil else { return true }
    var block = MessageBlock()
    for event in events { block.add(event) }
    events.removeAll()
    eventBytes = 0
    self.block = block
    return true
  }

  /// Counts a message that isn't told.
  func skip(_ session: String, bytes: Int) {
    skipped[session, default: (0, 0)].messages += 1
    skipped[session, default: (0, 0)].bytes += UInt64(bytes)
    arm()
  }

  /// Tells of a message.
  ///
  /// - Parameter json: Makes the JSON of it, for whoever takes no blocks.
  func tell(_ message: ToldMessage, _ json: () -> String) {
    guard block != nil else { return tell(json()) }
    block?.add(message)
    arm()
  }

  /// Tells of something.
  func tell(_ event: String) {
    if sink.isForProgram { return sink.write(event) }
    // Peers that come and go are no messages, and may do so for as long as a page doesn't read.
    guard gathered < Self.mostEvents else { return hasMissed = true }
    gather(event)
    arm()
  }

  private func gather(_ event: String) {
    if block != nil {
      block?.add(event)
    } else {
      events.append(event)
      eventBytes += event.utf8.count
    }
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
      gather(event.text)
    }
    skipped.removeAll()
    if hasMissed { gather(#"{"event":"missed"}"#) }
    hasMissed = false
    guard gathered > 0 else { return }
    if let bytes = block?.take() {
      sink.writeBlock?(bytes)
    } else {
      sink.write("{\"events\":[\(events.joined(separator: ","))]}")
    }
    events.removeAll(keepingCapacity: true)
    eventBytes = 0
  }

  /// More can be written again.
  func becameWritable() {
    updateHold()
    if gathered > 0 || !skipped.isEmpty { arm() }
  }

  /// Nobody is there any more.
  func end() { timer?.cancel() }
}
