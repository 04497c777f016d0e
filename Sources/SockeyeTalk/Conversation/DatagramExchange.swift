import NIOCore
import SockeyeText
import SockeyeTransport

/// What a client that sends datagrams has to remember: UDP knows no connection and no end.
struct DatagramExchange {
  private(set) var session: DatagramSession?
  /// Whether anything came from those who were spoken to.
  private(set) var hasHeard = false
  /// What ICMP said last, unless somebody was heard since.
  private(set) var complaint: Failure?
  /// What was said before anybody was heard: another address is told it, should this one turn out to be closed.
  private(set) var said = HeldDatagrams()
  private let routes: [DatagramRoute]
  /// The addresses that haven't been tried this time.
  private var untried: ArraySlice<DatagramRoute>
  private var quiet: Scheduled<Void>?
  private var dropped = 0

  init(routes: [DatagramRoute] = []) {
    self.routes = routes
    untried = routes[...]
  }

  /// Whether all can be said again to another address: nobody was heard, and not too much was said.
  var canBeginAgain: Bool { !hasHeard && said.isWhole }

  /// Takes the next address to speak to.
  mutating func nextRoute() -> DatagramRoute? { untried.popFirst() }

  /// Begins with the first address again.
  mutating func tryAllAgain() { untried = routes[...] }

  mutating func begin(with session: DatagramSession) { self.session = session }

  /// Something was said.
  mutating func keep(_ bytes: ByteBuffer) {
    if !hasHeard { said.keep(bytes, .datagram) }
  }

  mutating func heard(_ message: Message) {
    guard !message.marks.contains(.unexpectedSource) else { return }
    hasHeard = true
    complaint = nil
  }

  /// ICMP said that something didn't arrive.
  mutating func complain(_ failure: Failure) { complaint = failure }

  /// Waits for silence anew.
  mutating func wait(_ timer: Scheduled<Void>) {
    quiet?.cancel()
    quiet = timer
  }

  mutating func drop() { dropped += 1 }

  /// What to say of datagrams that were dropped, if any were.
  mutating func takeNoticeOfDropped() -> Phrase? {
    guard dropped > 0 else { return nil }
    defer { dropped = 0 }
    return TalkSentence.datagramsDropped(dropped).phrase
  }
}
