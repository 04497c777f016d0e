internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// What a session keeps of what passes on the network.
extension ConsoleSession {
  /// Begins to keep segments before the first of them, as far as the port is known.
  func watchSegments() {
    diagrams.clear(id)
    guard settings.keepsSegments else { return }
    let end = settings.kind.isClient ? settings.remote : settings.local
    if let port = end?.port, port != 0 { watchSegments(at: port) }
  }

  /// The port that the system gave to a server is known once it listens.
  func watchSegmentsOfListener(_ addresses: [SocketAddress]) {
    guard settings.keepsSegments, watchedPort == nil, let port = addresses.first?.port.flatMap(UInt16.init(exactly:))
    else {
      return
    }
    watchSegments(at: port)
  }

  private func watchSegments(at port: UInt16) {
    leaveSegments()
    guard let sight = diagrams.sight else { return tellCannotSee(ConsoleSentence.nothingIsSeen.phrase) }
    do throws(Failure) {
      try sight.watch(port: port)
      watchedPort = port
    } catch {
      tellCannotSee(error.phrase)
    }
  }

  private func tellCannotSee(_ phrase: Phrase) { tell("notice", ["text": .string(phrase.text(in: language))]) }

  /// Nothing more is kept for this session.
  func leaveSegments() {
    guard let port = watchedPort else { return }
    watchedPort = nil
    diagrams.sight?.leave(port: port)
  }

  /// A connection can be drawn from here on, also when it is over.
  func rememberEnds(of peer: Peer) {
    guard settings.keepsSegments, let local = peer.localAddress, let remote = peer.remoteAddress else { return }
    diagrams.add(ConnectionEnds(local: local, remote: remote), of: peer.number, in: id)
  }
}

extension ConsoleCore {
  /// Draws a connection in text.
  func diagram(_ members: inout Members, _ answer: @escaping Answer) throws(ConsoleError) {
    let session = try takeSession(&members)
    guard let peer = try members.integer("peer", in: 1...Int.max) else {
      throw ConsoleError(.usage, .memberMissing("peer"))
    }
    try members.finish()
    guard let ends = diagrams.find(peer, in: session.id), let sight = diagrams.sight else {
      throw ConsoleError(.missing, .noSegments(peer))
    }
    let language = configuration.language
    let lines = eventLoop.makeFutureWithTask { sight.text(of: ends, in: language) }
    lines.assumeIsolated().whenSuccess { lines in
      guard let lines else { return answer(.failure(ConsoleError(.missing, .noSegments(peer)))) }
      answer(.success(["lines": .strings(lines)]))
    }
  }
}
