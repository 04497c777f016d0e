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

  /// The defaults.
  public init() {}
}

/// The debugging assistant: sessions, each of them a conversation, and those who speak to it in JSON.
public struct Console: Sendable {
  private let core: NIOLoopBound<ConsoleCore>
  private let eventLoop: any EventLoop

  /// Starts a console without sessions.
  ///
  /// - Parameters:
  ///   - configuration: How it behaves.
  ///   - transport: Whose TCP and UDP its sessions use; it must have a single event loop.
  /// - Throws: A failure of kind `other` when the event loop is ending.
  public static func start(
    _ configuration: ConsoleConfiguration,
    over transport: Transport
  ) async throws(Failure) -> Console {
    let eventLoop = transport.eventLoopGroup.next()
    do {
      let core = try await eventLoop.submit {
        NIOLoopBound(ConsoleCore(configuration, over: transport, on: eventLoop), eventLoop: eventLoop)
      }.get()
      return Console(core: core, eventLoop: eventLoop)
    } catch {
      throw Failure(.other, .unknownFault("\(error)"))
    }
  }

  /// Somebody begins to speak to the console.
  func attach(_ sink: ConsoleLine.Sink) -> ConsoleLine.Key {
    let key = ConsoleLine.Key()
    eventLoop.execute { core.value.attach(key, sink) }
    return key
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
