internal import NIOCore
internal import SockeyeText
internal import SockeyeTransport

/// A console's state. Confined to one event loop.
final class ConsoleCore {
  let configuration: ConsoleConfiguration
  let shelf: RecordShelf
  let diagrams: DiagramShelf
  let transport: Transport
  let eventLoop: any EventLoop
  private var lines: [ObjectIdentifier: ConsoleLine] = [:]
  /// In the order in which they were added.
  var sessions: [ConsoleSession] = []
  private var lastSession = 0
  /// What the page had us keep.
  var savedState = JSONValue.null
  /// Keeps it, and the sessions, in a file.
  var keeper: StateKeeper?
  /// Whether the file couldn't be written last.
  var keepingFails = false

  init(
    _ configuration: ConsoleConfiguration,
    _ shelf: RecordShelf,
    _ diagrams: DiagramShelf,
    over transport: Transport,
    on eventLoop: any EventLoop
  ) {
    self.configuration = configuration
    self.shelf = shelf
    self.diagrams = diagrams
    self.transport = transport
    self.eventLoop = eventLoop
  }

  // MARK: Those who speak to it

  func attach(_ key: ConsoleLine.Key, _ sink: ConsoleLine.Sink) {
    lines[ObjectIdentifier(key)] = ConsoleLine(key, sink, on: eventLoop)
  }

  func detach(_ key: ConsoleLine.Key) {
    lines.removeValue(forKey: ObjectIdentifier(key))?.end()
    resume()
  }

  func becameWritable(_ key: ConsoleLine.Key) {
    lines[ObjectIdentifier(key)]?.becameWritable()
    resume()
  }

  private func resume() {
    guard isReady else { return }
    for session in sessions { session.becameReady() }
  }

  func whenAnswered(_ key: ConsoleLine.Key, _ body: @escaping () -> Void) {
    guard let line = lines[ObjectIdentifier(key)] else { return body() }
    line.whenAnswered(body)
  }

  /// The operations that change what is kept.
  private static let keptOperations: Set = ["open", "remove", "rename", "rules", "save-state"]

  func take(_ bytes: ByteBuffer, from key: ConsoleLine.Key) {
    guard let line = lines[ObjectIdentifier(key)] else { return }
    line.asked()
    do {
      let request = try ConsoleRequest(bytes)
      perform(request, from: line) { [self] result in
        if Self.keptOperations.contains(request.operation) { keeper?.changed() }
        switch result {
        case .success(let members): line.answer(request.id, members)
        case .failure(let error): line.refuse(request.id, error, in: configuration.language)
        }
      }
    } catch {
      line.refuse(error.id, error.error, in: configuration.language)
    }
  }

  // MARK: Sessions

  /// Opens a session of a file.
  func open(_ settings: SessionSettings, _ answer: @escaping (Failure?) -> Void) {
    addSession(settings).open { error in answer(error.map { Failure($0.failureKind, $0.phrase) }) }
  }

  /// Ends all sessions.
  func end() -> EventLoopFuture<Void> {
    let ends = sessions.map { $0.end() } + (keeper.map { [$0.end()] } ?? [])
    return .andAllComplete(ends, on: eventLoop)
  }

  /// Writes what is recorded and kept.
  func keepLast() -> EventLoopFuture<Void> {
    let ends = sessions.map { $0.endRecord() } + (keeper.map { [$0.end()] } ?? [])
    return .andAllComplete(ends, on: eventLoop)
  }

  /// Adds a session, and opens it not.
  ///
  /// - Parameter number: What it was called by; nothing for the next number.
  @discardableResult
  func addSession(_ settings: SessionSettings, number: Int? = nil) -> ConsoleSession {
    let number = number ?? lastSession + 1
    lastSession = max(lastSession, number)
    let session = ConsoleSession(
      number,
      settings,
      over: transport,
      stack: configuration.stack?.argument,
      diagrams: diagrams,
      language: configuration.language,
      audience: self,
      on: eventLoop
    )
    sessions.append(session)
    return session
  }
}

extension ConsoleCore: SessionAudience {
  /// A page that is behind misses messages, and makes nobody wait.
  var isReady: Bool { lines.values.allSatisfy(\.isReady) }

  func tell(_ event: JSONObject) {
    guard !lines.isEmpty else { return }
    let text = event.text
    for line in lines.values { line.tell(text) }
  }

  func tellMessage(of session: ConsoleSession, bytes: Int, _ message: () -> ToldMessage) {
    var told: ToldMessage?
    var json: String?
    for line in lines.values {
      guard line.takesMessages else {
        line.skip(session.id, bytes: bytes)
        continue
      }
      let message = told ?? message()
      told = message
      line.tell(message) {
        let text = json ?? message.json.text
        json = text
        return text
      }
    }
  }
}
