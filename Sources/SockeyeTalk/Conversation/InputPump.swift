import Glibc
import NIOCore
import SockeyeTransport

/// Where what this side says comes from.
public struct InputSettings: Sendable {
  /// The descriptor to read.
  public var descriptor: CInt
  /// Whether lines are looked at for commands (`/quit`) and addressees (`@3 text`).
  public var isInteractive: Bool

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
  /// Nothing more comes.
  func inputEnded()
  /// The input can't be read, or makes no sense.
  func inputFailed(_ failure: Failure)
}

/// What a person at the keyboard may ask for.
enum InputCommand: Equatable {
  /// A message for one peer alone.
  case tell(Int, [UInt8])
  case clients
  case kick(Int)
  case quit
  case unknown(String)

  /// Reads a line; nothing when it is an ordinary message. A slash or an at sign is said by writing it twice.
  static func parse(_ line: [UInt8]) -> InputCommand? {
    guard let first = line.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else { return nil }
    if line.dropFirst().first == first { return nil }
    let text = String(decoding: line, as: UTF8.self)
    let words = text.split(separator: " ", maxSplits: 1)
    let verb = words.first.map(String.init) ?? text
    if first == UInt8(ascii: "@") {
      guard let number = Int(verb.dropFirst()) else { return .unknown(text) }
      return .tell(number, Array(line.dropFirst(verb.utf8.count + 1)))
    }
    switch verb {
    case "/clients": return .clients
    case "/quit": return .quit
    case "/kick":
      let number = words.dropFirst().first.flatMap { Int($0.filter { $0 != " " }) }
      return number.map { .kick($0) } ?? .unknown(text)
    default: return .unknown(text)
    }
  }
}

/// Moves input to those who take it, as fast as they do. Confined to its event loop.
final class InputPump {
  private let reader: DescriptorReader
  private var composer: Composer
  private let settings: Composer.Settings
  private let isInteractive: Bool
  private unowned let target: any InputTarget
  private var line: [UInt8] = []
  private(set) var hasEnded = false
  private(set) var hasHadBytes = false

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
    self.composer = Composer(settings)
    self.isInteractive = input.isInteractive
    self.target = target
    let reference = NIOLoopBound(Reference(), eventLoop: eventLoop)
    reader = try DescriptorReader(descriptor: input.descriptor) {
      eventLoop.execute { reference.value.pump?.pump() }
    }
    reference.value.pump = self
  }

  private final class Reference {
    weak var pump: InputPump?
  }

  /// Whether something could be read at once.
  var hasMoreAtHand: Bool { !self.hasEnded && reader.hasMoreAtHand }

  /// Ends reading.
  func stop() {
    hasEnded = true
    reader.stop()
  }

  /// Moves what there is.
  func pump() {
    while !self.hasEnded, self.target.takesInput {
      switch reader.next() {
      case .nothing: return
      case .bytes(let bytes):
        hasHadBytes = true
        consume(bytes)
      case .end:
        hasEnded = true
        finish()
      case .failed(let error):
        hasEnded = true
        let reason = String(cString: strerror(error))
        self.target.inputFailed(Failure(.localFile, "standard input can't be read: \(reason)"))
      }
    }
  }

  private func consume(_ bytes: ByteBuffer) {
    do {
      if self.isInteractive {
        try consumeLines(bytes)
      } else {
        try self.composer.consume(bytes) { self.target.take($0) }
      }
    } catch {
      self.target.inputFailed(error)
    }
  }

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
        if let message { self.target.take(command: .tell(number, Array(message.readableBytesView))) }
      case let command?: self.target.take(command: command)
      case nil:
        if line.count > 1, line[0] == line[1], [UInt8(ascii: "/"), UInt8(ascii: "@")].contains(line[0]) {
          line.removeFirst()
        }
        try compose(line) { self.target.take($0) }
      }
    }
  }

  private func compose(_ line: [UInt8], _ send: (ByteBuffer) -> Void) throws(Failure) {
    var whole: ByteBuffer?
    var composer = Composer(self.settings)
    try composer.consume(ByteBuffer(bytes: line + [0x0A])) { part in
      if whole == nil { whole = part } else { whole?.writeImmutableBuffer(part) }
    }
    if let whole { send(whole) }
  }

  private func finish() {
    do {
      if self.isInteractive, !self.line.isEmpty {
        let line = self.line
        self.line.removeAll()
        try compose(line) { self.target.take($0) }
      }
      try self.composer.finish { self.target.take($0) }
      self.target.inputEnded()
    } catch {
      self.target.inputFailed(error)
    }
  }
}
