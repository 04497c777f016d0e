import Glibc
public import NIOCore
import SockeyeText
import SockeyeTransport

/// Where what this side says comes from.
public struct InputSettings: Sendable {
  /// The descriptor to read.
  public var descriptor: CInt
  /// Whether lines are looked at for commands (`/quit`) and addressees (`@3 text`).
  public var isInteractive: Bool
  /// Whether a person types: what can't be sent is refused line by line, and nobody waits for what isn't typed yet.
  public var isTerminal = false
  /// Where lines are edited before they are looked at, on the conversation's event loop; nothing where the terminal does that.
  public var typedLine: NIOLoopBound<TypedLine>?
  /// The most bytes that are read at a time.
  var largestPiece = 131_072

  /// Creates settings.
  public init(descriptor: CInt, isInteractive: Bool = false) {
    self.descriptor = descriptor
    self.isInteractive = isInteractive
  }
}

/// Whoever takes what the input brings. Called on the event loop.
protocol InputTarget: AnyObject {
  /// Whether more can be taken.
  var takesInput: Bool { get }
  /// Takes a message, or a part of a stream.
  func take(_ bytes: ByteBuffer)
  /// Takes a line with a command.
  func take(command: InputCommand)
  /// Takes note that nothing more comes.
  func inputEnded()
  /// The input can't be read, or makes no sense.
  func inputFailed(_ failure: Failure)
  /// Something that was typed can't be sent.
  func inputRefused(_ failure: Failure)
}

/// Moves input to those who take it, as fast as they do. Confined to its event loop.
final class InputPump {
  private let reader: DescriptorReader
  private var composer: Composer
  private let settings: Composer.Settings
  private let input: InputSettings
  private unowned let target: any InputTarget
  private let eventLoop: any EventLoop
  private var line: [UInt8] = []
  private var hasEnded = false
  private var isMoving = false
  private(set) var hasHadBytes = false

  /// A terminal hands over no more than so many bytes of a line, and drops the rest without a word: N_TTY_BUF_SIZE in the
  /// kernel's source, less the place of the line feed.
  static let longestTerminalLine = 4095
  /// So many bytes at most are moved before the event loop looks at its sockets again.
  private static let largestMove = 1 << 20

  /// Starts to read.
  ///
  /// - Parameters:
  ///   - input: Where from.
  ///   - settings: What becomes of it.
  ///   - target: Who takes it; it lives longer than the pump.
  ///   - eventLoop: Where all of this happens.
  init(
    _ input: InputSettings,
    _ settings: Composer.Settings,
    target: any InputTarget,
    on eventLoop: any EventLoop
  ) throws(Failure) {
    self.settings = settings
    composer = Composer(settings)
    self.input = input
    self.target = target
    self.eventLoop = eventLoop
    let reference = NIOLoopBound(Reference(), eventLoop: eventLoop)
    reader = try DescriptorReader(descriptor: input.descriptor, chunkSize: input.largestPiece) {
      eventLoop.execute { reference.value.pump?.pump() }
    }
    reference.value.pump = self
  }

  private final class Reference {
    weak var pump: InputPump?
  }

  /// What is left of the input.
  var left: PeerEndPolicy.Input {
    if hasEnded { return .ended }
    if reader.hasMoreAtHand { return .atHand }
    return input.isInteractive || input.isTerminal ? .person : .open
  }

  /// Whether there is something that was not taken.
  var hasBytesAtHand: Bool { !hasEnded && reader.hasBytesAtHand }

  /// Ends reading.
  func stop() {
    hasEnded = true
    reader.stop()
  }

  /// Moves what there is.
  ///
  /// Whoever takes a part may ask for the next one while it does so, as when a client is closed for being slow: the move that
  /// is under way goes on with it.
  func pump() {
    guard !isMoving else { return }
    isMoving = true
    defer { isMoving = false }
    var moved = 0
    while !hasEnded, target.takesInput {
      // Input that never pauses, to a socket that takes all of it, leaves room for what the peer has to say.
      guard moved < Self.largestMove else { return eventLoop.executeAfterPolling { [weak self] in self?.pump() } }
      switch reader.next() {
      case .nothing: return
      case .bytes(let bytes):
        hasHadBytes = true
        moved += bytes.readableBytes
        consume(bytes)
      case .end:
        hasEnded = true
        finish()
      case .failed(let error):
        hasEnded = true
        target.inputFailed(Failure(.localFile, .cannotReadInput(.system(error))))
      }
    }
  }

  private func consume(_ bytes: ByteBuffer) {
    do throws(Failure) {
      if let typedLine = input.typedLine?.value { return try consume(typedLine.take(bytes)) }
      if input.isTerminal, isCut(bytes) { throw Self.lineCut }
      try consumeText(bytes)
    } catch {
      refuse(error)
    }
  }

  private func consumeText(_ bytes: ByteBuffer) throws(Failure) {
    if input.isInteractive {
      try consumeLines(bytes)
    } else {
      try composer.consume(bytes) { target.take($0) }
    }
  }

  /// What was typed behind the end of the input says nothing.
  private func consume(_ typed: [TypedLine.Typed]) throws(Failure) {
    for typed in typed where !hasEnded {
      switch typed {
      case .line(let line): try consumeText(ByteBuffer(bytes: line))
      case .end:
        hasEnded = true
        finish()
      }
    }
  }

  /// What a person typed is refused by itself; a file or a pipe is of no use without a part of it.
  private func refuse(_ failure: Failure) {
    if input.isTerminal { return target.inputRefused(failure) }
    hasEnded = true
    target.inputFailed(failure)
  }

  /// Whether the terminal has cut a line.
  private func isCut(_ bytes: ByteBuffer) -> Bool {
    bytes.readableBytesView.split(separator: 0x0A).contains { $0.count >= Self.longestTerminalLine }
  }

  private static let lineCut = Failure(.usage, .lineTooLong(longestTerminalLine))

  /// Looks at each line before it becomes a message.
  private func consumeLines(_ bytes: ByteBuffer) throws(Failure) {
    for byte in bytes.readableBytesView {
      guard byte == 0x0A || self.line.count >= Composer.longestLine else {
        self.line.append(byte)
        continue
      }
      var line = self.line
      self.line.removeAll(keepingCapacity: true)
      switch InputCommand.parse(line) {
      case .tell(let number, let text):
        var message: ByteBuffer?
        try compose(text) { message = $0 }
        if let message { target.take(command: .tell(number, Array(message.readableBytesView))) }
      case let command?: target.take(command: command)
      case nil:
        if line.count > 1, line[0] == line[1], [UInt8(ascii: "/"), UInt8(ascii: "@")].contains(line[0]) {
          line.removeFirst()
        }
        try compose(line) { target.take($0) }
      }
    }
  }

  private func compose(_ line: [UInt8], _ send: (ByteBuffer) -> Void) throws(Failure) {
    var whole: ByteBuffer?
    var composer = Composer(settings)
    try composer.consume(ByteBuffer(bytes: line + [0x0A])) { part in
      if whole == nil { whole = part } else { whole?.writeImmutableBuffer(part) }
    }
    if let whole { send(whole) }
  }

  private func finish() {
    do {
      if input.isInteractive, !line.isEmpty {
        let line = self.line
        self.line.removeAll()
        try compose(line) { target.take($0) }
      }
      try composer.finish { target.take($0) }
      target.inputEnded()
    } catch {
      target.inputFailed(error)
    }
  }
}
