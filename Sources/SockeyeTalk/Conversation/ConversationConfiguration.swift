public import NIOCore
import SockeyeTransport

/// How conversations are held, on either side.
public struct ConversationConfiguration: Sendable {
  /// What the end of the input does.
  public enum InputEndAction: String, Sendable, CaseIterable {
    /// Tells the peer that nothing more comes, and goes on listening to it.
    case halfClose = "half-close"
    /// Ends the conversation once everything is sent.
    case close
    /// Nothing.
    case hold
  }

  /// What the end of the peer's stream does.
  public enum PeerEndAction: String, Sendable, CaseIterable {
    /// Ends the conversation once the input is delivered. A person at a terminal is not waited for, and nobody is when
    /// the peer has gone for good.
    case deliver
    /// Ends the conversation once what is at hand is sent.
    case exit
    /// Nothing: this side may go on.
    case hold
  }

  /// How what is typed becomes what is sent; its framing is that of what is received as well.
  public var composer = Composer.Settings()
  /// The largest frame accepted, in bytes.
  public var largestFrame = Framing.defaultLargestFrame
  /// Ends a conversation in which nothing was said for so long.
  public var idleTimeout: TimeAmount?
  /// What the end of the input does.
  public var onInputEnd = InputEndAction.halfClose
  /// What the end of the peer's stream does.
  public var onPeerEnd = PeerEndAction.deliver
  /// Whether whoever holds the conversation says things at any time, as a person with no input of its own would. The end of
  /// the input, which is there from the beginning, is best held then.
  public var isDirected = false
  /// What the peer is expected to say.
  public var expectation: Expectation?
  /// The encoding that expectations and closing words are read in.
  public var encoding: TextEncoding { composer.encoding }
  /// TLS inside the stream, if any.
  public var tls: TLSSettings?
  /// How long the TLS handshake may take.
  public var handshakeLimit = TimeAmount.seconds(10)
  /// Whether ``ConversationEvent/sent(_:_:)`` is wanted.
  public var reportsSent = false
  /// Keeps a record of all packets.
  public var recorder: ConversationRecorder?
  /// What is done without a person.
  public var automation = Automation()

  /// The defaults.
  public init() {}
}

/// What a conversation does by itself.
public struct Automation: Sendable {
  /// How each message is answered.
  public enum Answer: Sendable {
    /// Not at all.
    case none
    /// With itself.
    case echo
    /// With something fixed.
    case reply(ByteBuffer)
    /// By a command, whose input is what the peer says and whose output is what it is told.
    case command(String)
    /// By telling all other peers.
    case relay
  }

  /// What a peer is told first.
  public var greeting: ByteBuffer?
  /// How each message is answered.
  public var answer = Answer.none
  /// After how many answers the conversation ends.
  public var answerLimit: Int?
  /// How many answers each peer gets in a second at most; more wait their turn.
  public var answersPerSecond: Int?
  /// The message that ends the conversation.
  public var closeWord: [UInt8]?
  /// What a peer is told last, when it said the closing word.
  public var goodbye: ByteBuffer?
  /// Whether datagrams that look like another machine's answers to ours stop being answered.
  public var guardsAgainstLoops = true

  /// The defaults: none of it.
  public init() {}

  /// Whether messages are answered without a person.
  public var answers: Bool {
    if case .none = answer { false } else { true }
  }
}
