public import NIOCore
public import SockeyeTransport

/// How a client speaks to its peer.
public struct ClientConfiguration: Sendable {
  /// Something to be sent, perhaps again and again, in place of the input.
  public struct Utterance: Sendable {
    /// What is sent.
    public var message: ByteBuffer
    /// How long after one the next is sent.
    public var interval: TimeAmount?
    /// How often it is sent in all; without a number, but with an interval, for ever.
    public var count: Int?

    /// Creates an utterance that is sent once.
    public init(_ message: ByteBuffer) { self.message = message }
  }

  /// The peer's number, by which events tell it from others.
  public var number = 1
  /// How the conversation is held.
  public var conversation = ConversationConfiguration()
  /// Whether datagrams are sent, not a stream.
  public var isDatagram = false
  /// How to connect.
  public var connect = ConnectOptions()
  /// Who connects on our behalf and looks the peer's name up; nothing where we do. Streams only.
  public var proxy: ProxyServer?
  /// How to send datagrams.
  public var datagrams = DatagramOptions()
  /// How often a connection that failed is tried again.
  public var retries = 0
  /// Whether a connection that is lost, by a reset, silence or the peer's end, is made again as long as there may be something
  /// to say; so is the first, and both without end where ``retries`` has none. Streams only.
  public var reconnects = false
  /// How long the conversation may take in all, connecting and pauses included.
  public var totalTime: TimeAmount?
  /// The shortest and the longest pause between two tries; it doubles each time.
  public var backOff: ClosedRange<TimeAmount> = .milliseconds(200)...(.seconds(10))
  /// What is sent in place of the input.
  public var utterance: Utterance?
  /// What is sent, unless there is an utterance.
  public var input: InputSettings?
  /// Whether to say nothing and close at once: is anybody there?
  public var isProbe = false
  /// How long to wait for datagrams once everything is said and one has come.
  public var datagramQuiet = TimeAmount.milliseconds(250)
  /// How long to wait for the first datagram once everything is said.
  public var datagramPatience = TimeAmount.seconds(2)

  /// The defaults.
  public init() {}
}

/// How a client's conversation ended.
public struct ConversationOutcome: Sendable {
  /// Why it ended.
  public var cause: CloseCause
  /// What went wrong, if anything did.
  public var failure: Failure?
}
