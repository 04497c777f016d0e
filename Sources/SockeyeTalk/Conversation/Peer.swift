public import NIOCore
public import SockeyeText
public import SockeyeTransport

/// One other side of a conversation: a connection, or an address that sends datagrams.
public struct Peer: Hashable, Sendable {
  /// Counts up from 1 in the order in which peers appeared.
  public let number: Int
  /// The peer's address, when it has one.
  public let remoteAddress: SocketAddress?
  /// Our address, when it is known.
  public let localAddress: SocketAddress?
  /// What the peer is called where a proxy leads to it: then the remote address is the proxy's.
  public var name: String?
  /// Whether it sends datagrams: then there is no connection, only an address.
  public var isDatagram = false

  /// The peer's address as people write it.
  ///
  /// One that reset its connection before it was accepted has none any more.
  public var address: String {
    if let name { return name }
    if let remoteAddress { return remoteAddress.text }
    return isUnix ? "unix:(unnamed)" : "unknown"
  }

  /// Whether it speaks over a Unix domain socket, which has streams that end and no FIN or RST.
  public var isUnix: Bool {
    guard let address = remoteAddress ?? localAddress else { return true }
    if case .unixDomainSocket = address { return true }
    return false
  }
}

/// Why a conversation ended.
public enum CloseCause: Hashable, Sendable {
  /// What made this side end it.
  public enum LocalReason: String, Hashable, Sendable {
    /// The input ended.
    case inputEnded = "end of input"
    /// Everything that was to be said has been.
    case done = "done"
    /// The closing word was heard.
    case closeWord = "closing word"
    /// The command that served the peer ended.
    case commandEnded = "command ended"
    /// The person at the keyboard said so.
    case kicked = "kicked"
    /// The program is ending.
    case quit = "quit"
    /// The expectation was met.
    case expectationMet = "expectation met"
    /// The rules do not admit the peer.
    case notAllowed = "not allowed"
    /// The peer did not read what the others say.
    case tooSlow = "too slow"
  }

  /// The peer ended its stream (FIN).
  case peerFinished
  /// The peer reset the connection (RST).
  case peerReset
  /// Nothing was said for the time allowed.
  case idle
  /// The network or the peer did not answer in time.
  case timedOut
  /// This side ended it.
  case local(LocalReason)
  /// Something failed.
  case failed(Failure)

  /// The cause in a few words.
  public var phrase: Phrase {
    switch self {
    case .peerFinished: TalkSentence.peerFinished.phrase
    case .peerReset: TalkSentence.peerResetCause.phrase
    case .idle: TalkSentence.idle.phrase
    case .timedOut: TalkSentence.timedOut.phrase
    case .local(let reason): TalkSentence.local(reason).phrase
    case .failed(let failure): failure.phrase
    }
  }

  /// The cause as one word, for programs.
  public var word: String {
    switch self {
    case .peerFinished: "peer-fin"
    case .peerReset: "peer-rst"
    case .idle: "idle"
    case .timedOut: "timeout"
    case .local: "local"
    case .failed: "failed"
    }
  }

  /// Who reset the connection, if somebody did.
  public var resetBy: String? {
    switch self {
    case .peerReset: "peer"
    case .local(.notAllowed), .local(.tooSlow): "us"
    case .peerFinished, .idle, .timedOut, .local, .failed: nil
    }
  }
}
