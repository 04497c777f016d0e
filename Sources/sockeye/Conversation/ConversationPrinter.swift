import Glibc
import NIOCore
import SockeyeTalk
import SockeyeText
import SockeyeTransport

/// Prints a conversation: what peers say on standard output, what happens on standard error, or all of it as JSON.
///
/// Confined to the conversation's event loop, which it never makes wait.
final class ConversationPrinter: ConversationObserver {
  /// How a conversation is printed.
  struct Settings: Sendable {
    var rendering = MessageRenderer.Settings()
    var output: CInt = STDOUT_FILENO
    var log: CInt?
    var isJSON = false
    var isQuiet = false
    var showsReceived = true
    var showsSent = false
    /// Whether it is told what TLS with each peer came to; a server always tells of certificates that it asked for.
    var showsHandshakes = false
    /// Whether peers come to us.
    var isServer = false
    /// Whether lines are edited at the terminal where everything is written.
    var editsLines = false
    /// Where the bound addresses are written once they are known.
    var readyFile: String?
  }

  /// The writers outlive the printer: they are waited for at the end.
  struct Writers: Sendable {
    let output: DescriptorWriter
    let messages: DescriptorWriter
    let log: DescriptorWriter?
    /// The line that is typed below what is written.
    let typedLine: NIOLoopBound<TypedLine>?

    /// Waits until everything is written.
    ///
    /// - Throws: What ``ConversationPrinter/ending(_:_:)`` makes of it when something can't be written.
    func finish() async throws {
      if let typedLine { try? await typedLine.eventLoop.submit { typedLine.value.close() }.get() }
      let outputError = await self.output.flush()
      let logError = await self.log?.flush()
      _ = await self.messages.flush()
      if let outputError { throw ConversationPrinter.ending(outputError, .output) }
      if let error = logError ?? nil { throw ConversationPrinter.ending(error, .log) }
    }
  }

  /// What is written to besides the messages.
  fileprivate enum Target { case output, log }

  private let settings: Settings
  private let writers: Writers
  private let renderer: MessageRenderer
  private let sentRenderer: MessageRenderer
  private let json: EventJSON
  private var hint: EncodingHint
  private var isLogging = true
  private(set) var isReady = true
  private var isSilent = false
  var onReady: (() -> Void)?

  private init(_ settings: Settings, _ writers: Writers) {
    self.settings = settings
    self.writers = writers
    renderer = MessageRenderer(settings.rendering)
    var sent = settings.rendering
    sent.form = .both
    sent.showsPeer = true
    sentRenderer = MessageRenderer(sent)
    json = EventJSON(encoding: settings.rendering.encoding)
    hint = EncodingHint(expecting: settings.rendering.encoding)
  }

  /// Leads from the writers' threads back to the printer.
  private final class Reference {
    weak var printer: ConversationPrinter?
  }

  /// Starts the writers; the printer itself is made on the conversation's event loop.
  ///
  /// - Throws: A failure of kind `other` when no thread can be started.
  static func prepare(
    _ settings: Settings,
    on eventLoop: any EventLoop
  ) async throws -> (writers: Writers, make: @Sendable () -> ConversationPrinter) {
    let reference = try await eventLoop.submit { NIOLoopBound(Reference(), eventLoop: eventLoop) }.get()
    let output = try DescriptorWriter(descriptor: settings.output) { event in
      switch event {
      case .drained: eventLoop.execute { reference.value.printer?.drained() }
      case .failed(let error): eventLoop.execute { reference.value.printer?.failed(error, .output) }
      }
    }
    // What goes to one terminal goes through one writer, so that it stays in order.
    let isOneTerminal = Terminal(descriptor: settings.output).isSame(as: .error)
    let messages = isOneTerminal ? output : try DescriptorWriter(descriptor: STDERR_FILENO) { _ in }
    let log = try settings.log.map { descriptor in
      try DescriptorWriter(descriptor: descriptor) { event in
        switch event {
        case .drained: eventLoop.execute { reference.value.printer?.drained() }
        case .failed(let error): eventLoop.execute { reference.value.printer?.logFailed(error) }
        }
      }
    }
    let typedLine = settings.editsLines && isOneTerminal ? try await EditedInput.begin(output, on: eventLoop) : nil
    let writers = Writers(output: output, messages: messages, log: log, typedLine: typedLine)
    let make: @Sendable () -> ConversationPrinter = {
      let printer = ConversationPrinter(settings, writers)
      reference.value.printer = printer
      return printer
    }
    return (writers, make)
  }

  /// Falls silent and ends all: nobody takes what the peers say, so there is nothing left to do.
  private func failed(_ error: CInt, _ what: Target) {
    isSilent = true
    let messages = self.writers.messages
    // What went wrong is the last line.
    Task {
      _ = await messages.flush()
      Exit.report(ConversationPrinter.ending(error, what))
    }
  }

  /// A log that can't be written costs nobody their connection; how the program ends tells of it once more.
  private func logFailed(_ error: CInt) {
    isLogging = false
    say(.logFailed(.system(error)), isAlways: true)
    drained()
  }

  /// How the program ends when its output can't be written: a reader that has had enough (`| head`) is no failure worth a
  /// line.
  fileprivate static func ending(_ error: CInt, _ what: Target) -> any Error {
    if error == EPIPE { return SignalEnding(signal: SIGPIPE) }
    switch what {
    case .output: return Failure(.localFile, .cannotWriteTheOutput(.system(error)))
    case .log: return Failure(.localFile, .cannotWriteTheLog(.system(error)))
    }
  }

  private func drained() {
    guard !self.isReady, !self.writers.output.isFull, self.writers.log?.isFull != true else { return }
    isReady = true
    onReady?()
  }

  // MARK: Events

  func conversation(_ event: ConversationEvent) {
    if settings.isJSON || (isLogging && writers.log != nil) {
      let line = ByteBuffer(string: json.line(event, at: .now))
      if isLogging, let log = writers.log, !log.write(line) { isReady = false }
      if settings.isJSON { write(line) }
    }
    if case .listening(let addresses) = event { announce(addresses) }
    if case .received(_, let message) = event, let hint = hint.consider(message.bytes) {
      say(Phrase("sockeye: \(hint.english)", zh: "sockeye: \(hint.chinese)"))
    }
    guard !settings.isJSON else { return }
    switch event {
    case .received(let peer, let message):
      guard settings.showsReceived else { return }
      if let source = message.source { say(.datagramFrom(EventText.name(peer), source.text)) }
      write(renderer.render(message, from: peer, at: .now))
      remark(message, peer)
    case .sent(let peer, let bytes):
      guard settings.showsSent else { return }
      endLine()
      show(ByteBuffer(string: "> "))
      show(sentRenderer.render(Message(bytes), from: peer, at: .now))
    case .secured(_, let facts) where !settings.showsHandshakes && (!settings.isServer || facts.chain.isEmpty): return
    case .closed(let peer, _, _):
      write(renderer.end(peer))
      say(EventText.phrase(event, isServer: settings.isServer))
    default: say(EventText.phrase(event, isServer: settings.isServer))
    }
  }

  private func announce(_ addresses: [SocketAddress]) {
    guard let path = self.settings.readyFile else { return }
    do {
      try ReadyFile.write(addresses, to: path)
    } catch {
      Exit.report(error)
    }
  }

  private func write(_ bytes: ByteBuffer) {
    if !self.writers.output.write(writers.typedLine?.value.around(bytes) ?? bytes) { isReady = false }
  }

  private func remark(_ message: Message, _ peer: Peer) {
    guard message.marks.contains(.datagram), !self.settings.rendering.showsPeer else { return }
    if message.bytes.readableBytes == 0 { say(.emptyDatagram(peer.address)) }
    if message.marks.contains(.truncated) {
      say(.datagramCut(peer.address, message.bytes.readableBytes))
    }
  }

  private func say(_ sentence: ProgramSentence, isAlways: Bool = false) { say(sentence.phrase, isAlways: isAlways) }

  private func say(_ phrase: Phrase, isAlways: Bool = false) {
    guard !settings.isQuiet || isAlways, !isSilent, !writers.messages.isFull else { return }
    endLine()
    show(ByteBuffer(string: VisibleText.of(Speech.text(phrase), keepingLines: true) + "\n"))
  }

  private func show(_ message: ByteBuffer) {
    writers.messages.write(writers.typedLine?.value.around(message) ?? message)
  }

  /// On a terminal, what is said begins on a line of its own.
  private func endLine() {
    guard settings.rendering.showsControls, renderer.isLineOpen else { return }
    write(ByteBuffer(string: "\n"))
    renderer.lineWasEnded()
  }
}
