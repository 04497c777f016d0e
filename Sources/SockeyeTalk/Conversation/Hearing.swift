import NIOCore
import SockeyeTransport

/// What a session makes of what its peer says: messages, whether an expectation is met, whether the closing word was said.
struct Hearing: ~Copyable {
  /// A message and what it means.
  struct Heard {
    let message: Message
    /// Whether the expectation is met by it.
    let meetsExpectation: Bool
    /// Whether it is the closing word.
    let isClosingWord: Bool
  }

  private var deframer: Deframer
  private var closeWord: CloseWord?
  private var matcher: ExpectationMatcher?
  /// Whether what was expected has been said.
  private(set) var isExpectationMet = false
  /// A message that needs no framing: a datagram, or what a read of a raw stream brought.
  private var whole: Message?

  /// Creates a listener.
  ///
  /// - Parameters:
  ///   - configuration: Framing, encoding and closing word.
  ///   - isDatagram: Whether each arrival is a message of its own.
  init(_ configuration: ConversationConfiguration, isDatagram: Bool) {
    deframer = Deframer(
      isDatagram ? .raw : configuration.composer.framing,
      largestFrame: configuration.largestFrame
    )
    closeWord = configuration.automation.closeWord.map(CloseWord.init)
  }

  /// Begins to wait for an expectation.
  mutating func expect(_ expectation: Expectation, in encoding: TextEncoding) {
    matcher = ExpectationMatcher(expectation, encoding: encoding)
  }

  /// Takes what arrived; ``next()`` has the messages.
  mutating func take(_ bytes: ByteBuffer, marks: Message.Marks, from source: SocketAddress? = nil) {
    if case .raw = deframer.framing {
      var message = Message(bytes, marks: marks)
      message.source = source
      whole = message
    } else {
      deframer.append(bytes)
    }
  }

  /// Takes the next message, if there is one.
  ///
  /// - Throws: A failure of kind `peerProtocol` when a frame is larger than allowed; ``cut()`` has what came of it.
  mutating func next() throws(Failure) -> Heard? {
    if let message = whole.take() { return hear(message) }
    guard let message = try deframer.next() else { return nil }
    return hear(message)
  }

  /// Takes what is left, because the stream ended or fell silent.
  mutating func rest() -> Heard? {
    guard let message = deframer.flush() else { return nil }
    return hear(message)
  }

  /// Takes what came of a frame that is too large.
  mutating func cut() -> Message? {
    var message = deframer.flush()
    message?.marks.insert(.incomplete)
    return message
  }

  /// How long silence has to last to end the message that is under way.
  var silence: TimeAmount? {
    guard case .gap(let silence) = deframer.framing, deframer.isHolding else { return nil }
    return silence
  }

  private mutating func hear(_ message: Message) -> Heard {
    // Only what the peer itself said counts.
    let isPeers = !message.marks.contains(.unexpectedSource)
    return Heard(
      message: message,
      meetsExpectation: isPeers && meetsExpectation(message),
      isClosingWord: isPeers && closeWord?.isCompleted(by: message.payload) == true
    )
  }

  private mutating func meetsExpectation(_ message: Message) -> Bool {
    guard !isExpectationMet, matcher?.consume(message.payload) == true else { return false }
    isExpectationMet = true
    return true
  }
}
