import NIOCore
import NIOHTTP1
import Testing

@testable import SockeyeService

@Suite("Service: what a connection decides")
struct ConnectionValuesTests {
  private func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

  // MARK: Telling protocols apart

  @Test(
    "The first bytes tell the protocol, and are handed on whole",
    arguments: [
      (["GET", " / HTTP/1.1\r\n"], .http), (["BREW /x HTTP/1.1\r", "\n"], .http), (["\u{16}", "\u{3}\u{1}"], .tls),
      (["name", "\n"], .bareName), (["\u{16}x"], .bareName),
    ] as [([String], ProtocolDetection.Spoken)]
  )
  func protocols(pieces: [String], spoken: ProtocolDetection.Spoken) {
    var detection = ProtocolDetection(expectsProxyHeader: false)
    for piece in pieces.dropLast() { #expect(detection.received(bytes(piece)) == .waitQuietly) }
    #expect(detection.received(bytes(pieces.last ?? "")) == .speak(spoken, bytes(pieces.joined())))
  }

  @Test("Silence and the end of the stream make a bare name of what came, and nothing of nothing")
  func silence() {
    var detection = ProtocolDetection(expectsProxyHeader: false)
    _ = detection.received(bytes("na"))
    var other = detection
    #expect(detection.wasQuiet() == .speak(.bareName, bytes("na")))
    #expect(other.inputEnded() == .speak(.bareName, bytes("na")))
    #expect(detection.received(bytes("me")) == .wait)
    var empty = ProtocolDetection(expectsProxyHeader: false)
    #expect(empty.inputEnded() == .close)
  }

  @Test("Where a proxy is believed its header comes first, in any number of pieces")
  func proxied() throws {
    let header = "PROXY TCP4 192.0.2.1 192.0.2.2 5 80\r\n"
    var detection = ProtocolDetection(expectsProxyHeader: true)
    for byte in header.dropLast() { #expect(detection.received(bytes(String(byte))) == .wait) }
    #expect(
      detection.received(bytes("\r\nGET / HTTP/1.1")) == .proxied(try SocketAddress(ipAddress: "192.0.2.1", port: 5))
    )
    #expect(detection.proceed() == .speak(.http, bytes("GET / HTTP/1.1")))
    var broken = ProtocolDetection(expectsProxyHeader: true)
    #expect(broken.received(bytes("GET / HTTP/1.1\r\n")) == .close)
    var cut = ProtocolDetection(expectsProxyHeader: true)
    #expect(cut.received(bytes("PROXY")) == .wait)
    #expect(cut.inputEnded() == .close)
  }

  // MARK: Feeding requests

  @Test("Bytes are fed in slices, kept while they are held, and none is lost or doubled")
  func feeding() {
    var feed = RequestFeed()
    let text = String(repeating: "0123456789", count: 1000)
    feed.take(bytes(text))
    var fed = ""
    #expect(feed.begin() == true)
    #expect(feed.begin() == false)
    while let slice = feed.next(isBody: false) {
      #expect(slice.readableBytes <= 4096)
      fed += String(buffer: slice)
      if fed.utf8.count == 4096 {
        feed.putBack(bytes(String(fed.suffix(6))))
        fed.removeLast(6)
        feed.hold()
      }
    }
    #expect(fed.utf8.count == 4090 && !feed.isFeeding && !feed.isEmpty)
    #expect(feed.begin() == false)
    #expect(feed.mayRead() == false)
    #expect(feed.takeOwedRead() == false)
    feed.release()
    #expect(feed.begin() == true)
    while let slice = feed.next(isBody: true) { fed += String(buffer: slice) }
    #expect(fed == text)
    #expect(feed.takeOwedRead() == true)
    #expect(feed.takeOwedRead() == false)
  }

  @Test("After its end a feed takes nothing and lets the channel read on, so that a client's last bytes are drained")
  func closedFeed() {
    var feed = RequestFeed()
    feed.take(bytes("x"))
    feed.hold()
    feed.close()
    feed.release()
    feed.take(bytes("y"))
    #expect(feed.isEmpty)
    #expect(feed.begin() == false)
    #expect(feed.mayRead() == true)
  }

  @Test("What is no request is called by its name: too long a target, too large a head, an unknown method, or just bad")
  func refusals() {
    var feed = RequestFeed()
    let long = bytes("GET /aaaa")
    feed.take(long)
    _ = feed.begin()
    _ = feed.next(isBody: false)
    #expect(feed.status(of: HTTPParserError.headerOverflow, in: long) == .targetTooLong)
    feed.take(bytes(" HTTP/1.1\r\nX:"))
    _ = feed.next(isBody: false)
    #expect(feed.status(of: HTTPParserError.headerOverflow, in: long) == .headersTooLarge)
    #expect(feed.status(of: HTTPParserError.invalidMethod, in: bytes("BREW / HTTP/1.1")) == .methodNotAllowed)
    #expect(feed.status(of: HTTPParserError.invalidMethod, in: bytes("B{EW / HTTP/1.1")) == .badRequest)
    #expect(feed.status(of: ChannelError.eof, in: long) == nil)
  }

  // MARK: Deadlines

  private func deadline() -> ConnectionDeadline {
    var timeouts = FileServiceConfiguration.Timeouts()
    timeouts.request = .seconds(20)
    timeouts.stall = .seconds(60)
    return ConnectionDeadline(timeouts: timeouts, now: .uptimeNanoseconds(0))
  }

  private func seconds(_ count: UInt64) -> NIODeadline { .uptimeNanoseconds(count * 1_000_000_000) }

  @Test("A body has its time from its last byte on, a head from its first")
  func bodies() {
    var deadline = deadline()
    #expect(deadline.check(seconds(20)) { 0 } == .late(.firstBytes))
    deadline.await(.requestBody, now: seconds(5))
    deadline.advanced(now: seconds(50))
    #expect(deadline.check(seconds(109)) { 0 } == .inTime)
    #expect(deadline.check(seconds(110)) { 0 } == .late(.requestBody))
  }

  @Test("A response has no time but progress, and our own pauses don't count")
  func progress() {
    var deadline = deadline()
    deadline.watchProgress()
    #expect(deadline.check(seconds(1)) { 100 } == .inTime)
    #expect(deadline.check(seconds(2)) { 100 } == .stuck(tooLong: false))
    #expect(deadline.check(seconds(60)) { 101 } == .inTime)
    #expect(deadline.check(seconds(119)) { 101 } == .stuck(tooLong: false))
    #expect(deadline.check(seconds(120)) { nil } == .inTime)
    #expect(deadline.check(seconds(121)) { 101 } == .inTime)
    #expect(deadline.check(seconds(180)) { 101 } == .stuck(tooLong: false))
    #expect(deadline.check(seconds(181)) { 101 } == .stuck(tooLong: true))
  }

  // MARK: Bodies

  @Test("A body is cut into pieces in order, and what could not be read comes again")
  func pieces() {
    var plan = BodyPlan([.bytes(bytes("a")), .file(0..<10), .bytes(bytes("b"))])
    var order: [String] = []
    while let part = plan.next(largest: 4) {
      switch part {
      case .bytes(let buffer): order.append(String(buffer: buffer))
      case .file(let range):
        order.append("\(range)")
        if range == 4..<8 { plan.putBack(6..<8) }
      }
    }
    #expect(order == ["a", "0..<4", "4..<8", "6..<8", "8..<10", "b"])
  }

  // MARK: One exchange

  private func head(_ uri: String) -> HTTPServerRequestPart {
    .head(HTTPRequestHead(version: .http1_1, method: .GET, uri: uri))
  }

  private func request(_ uri: String, keepAlive: Bool = true) -> ExchangeState.Request {
    HTTPExchange.Request(
      HTTPRequestHead(version: .http1_1, method: .GET, uri: uri),
      fields: RequestFields([:]),
      started: .uptimeNanoseconds(0),
      keepAlive: keepAlive
    )
  }

  private func answering(_ request: ExchangeState.Request) -> ExchangeState {
    var state = ExchangeState()
    _ = state.take(head("/a"))
    state.receive(request)
    guard case .answer = state.take(.end(nil)) else {
      Issue.record("the end of a request does not begin its answer")
      return state
    }
    return state
  }

  @Test("A request waits until the one before it is answered, and then comes in order")
  func order() {
    let first = request("/a")
    var state = answering(first)
    #expect(state.isAnswering && first.isRead)
    _ = state.take(head("/b"))
    _ = state.take(.end(nil))
    if state.takeQueued() != nil { Issue.record("a request overtook another") }
    #expect(state.answered(first) == .goOn)
    guard case .begin(let head)? = state.takeQueued() else { return #expect(Bool(false), "no second request") }
    #expect(head.uri == "/b")
  }

  @Test("A client that has ended its side is answered what it asked before, and then the connection ends")
  func ended() {
    let first = request("/a")
    var state = answering(first)
    _ = state.take(head("/b"))
    #expect(state.inputEnded() == .goOn)
    #expect(state.answered(first) == .goOn)
    guard case .begin? = state.takeQueued() else { return #expect(Bool(false), "the second request is lost") }
    state.receive(request("/b"))
    #expect(state.inputEnded() == .close)
    var idle = ExchangeState()
    #expect(idle.inputEnded() == .finish(mayFollow: false))
  }

  private func refuse(_ state: inout ExchangeState) -> Bool { state.refuse().mustAnswer }

  @Test("Noise behind a request takes nothing away from its answer, and nothing after it is answered")
  func noise() {
    let first = request("/a")
    var state = answering(first)
    _ = state.take(head("/b"))
    #expect(refuse(&state) == false)
    #expect(state.answered(first) == .finish(mayFollow: true))
    #expect(refuse(&state) == false)
    var idle = ExchangeState()
    #expect(refuse(&idle) == true)
  }
}
