import NIOCore
public import SockeyeText
public import SockeyeTransport

/// How a console behaves.
public struct ConsoleConfiguration: Sendable {
  /// What the program calls itself to those who ask.
  public var program = "sockeye"
  /// The language of what it says.
  public var language = Language.english
  /// Where records are written.
  public var directory = "."
  /// Where sessions and the page's state are kept from one start to the next; nothing where they aren't.
  public var stateFile: String?
  /// Who draws connections; nobody where they can't be drawn.
  public var sight: (any ConnectionSight)?
  /// The stack that the sessions are over, if it isn't the kernel's.
  public var stack: Stack?

  /// The defaults.
  public init() {}

  /// Sockeye's own stack, as people are told of it.
  public struct Stack: Sendable {
    /// What `--stack` of a command line is to be.
    public var argument: String
    /// The addresses of its host.
    public var addresses: [String]

    /// Names a stack.
    ///
    /// - Parameters:
    ///   - argument: What `--stack` of a command line is to be.
    ///   - addresses: The addresses of its host.
    public init(argument: String, addresses: [String]) {
      self.argument = argument
      self.addresses = addresses
    }
  }
}

/// The debugging assistant: sessions, each of them a conversation, and those who speak to it in JSON.
public struct Console: Sendable {
  private let core: NIOLoopBound<ConsoleCore>
  let eventLoop: any EventLoop
  let shelf: RecordShelf
  let diagrams: DiagramShelf

  /// Starts a console without sessions.
  ///
  /// - Parameters:
  ///   - configuration: How it behaves.
  ///   - transport: Whose TCP and UDP its sessions use; it must have a single event loop.
  /// - Throws: A failure of kind `localFile` when the file of its state can't be read, or is none; of kind `other` when the event
  ///   loop is ending.
  public static func start(
    _ configuration: ConsoleConfiguration,
    over transport: Transport
  ) async throws(Failure) -> Console {
    let eventLoop = transport.eventLoopGroup.next()
    let shelf = RecordShelf(configuration.directory)
    let diagrams = DiagramShelf(configuration.sight, configuration.language)
    let file = configuration.stateFile.map { KeptFile(path: $0) }
    let kept = try file?.read().map { bytes throws(Failure) in try SessionFile(bytes) }
    do {
      let core = try await eventLoop.submit {
        let core = ConsoleCore(configuration, shelf, diagrams, over: transport, on: eventLoop)
        if let file { core.keep(in: file, kept) }
        return NIOLoopBound(core, eventLoop: eventLoop)
      }.get()
      return Console(core: core, eventLoop: eventLoop, shelf: shelf, diagrams: diagrams)
    } catch {
      throw Failure(.other, .unknownFault("\(error)"))
    }
  }

  /// Somebody begins to speak to the console.
  func attach(_ key: ConsoleLine.Key, _ sink: ConsoleLine.Sink) {
    eventLoop.execute { core.value.attach(key, sink) }
  }

  /// Waits until somebody's requests are answered.
  func answered(_ line: ConsoleLine.Key) async {
    let answered = eventLoop.makePromise(of: Void.self)
    eventLoop.execute { core.value.whenAnswered(line) { answered.succeed() } }
    try? await answered.futureResult.get()
  }

  /// Opens the sessions of a file, in their order.
  ///
  /// - Parameter bytes: An object with a list `sessions`, as `Documentation/Console.md` has it.
  /// - Throws: A failure of kind `localFile` for what is no such file, or the failure of the first session that doesn't open.
  public func openSessions(_ bytes: [UInt8]) async throws(Failure) {
    for entry in try SessionFile(bytes).entries {
      let settings = entry.settings
      let opened = eventLoop.makePromise(of: Failure?.self)
      eventLoop.execute { core.value.open(settings) { opened.succeed($0) } }
      if let failure = (try? await opened.futureResult.get()) ?? nil { throw failure }
    }
  }

  /// Ends all conversations once what was said is sent.
  public func end() async {
    let core = self.core
    _ = try? await eventLoop.flatSubmit { core.value.end() }.get()
  }

  /// Writes what is recorded, and what is kept and has changed, and neither any more: the console is about to end without notice.
  public func keepLast() async {
    let core = self.core
    _ = try? await eventLoop.flatSubmit { core.value.keepLast() }.get()
  }

  /// Somebody asks something.
  func take(_ request: ByteBuffer, from line: ConsoleLine.Key) {
    eventLoop.execute { core.value.take(request, from: line) }
  }

  /// Somebody who didn't take more does again.
  func becameWritable(_ line: ConsoleLine.Key) {
    eventLoop.execute { core.value.becameWritable(line) }
  }

  /// Somebody is gone.
  func detach(_ line: ConsoleLine.Key) {
    eventLoop.execute { core.value.detach(line) }
  }
}
