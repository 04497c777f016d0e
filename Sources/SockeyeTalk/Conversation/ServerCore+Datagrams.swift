import NIOCore
import SockeyeText
import SockeyeTransport

/// The addresses that send datagrams to a server, each of them a session.
struct DatagramPeers {
  struct Key: Hashable {
    let channel: ObjectIdentifier
    let address: SocketAddress
    /// NIO takes Unix domain sockets whose names are in no file system for one and the same.
    private let unixName: [UInt8]
    /// Which of our addresses it speaks to, where there are several.
    let asked: SocketAddress?

    init(_ envelope: AddressedEnvelope<ByteBuffer>, on channel: any Channel) {
      self.init(envelope.remoteAddress, asked: envelope.asked?.destinationAddress, on: ObjectIdentifier(channel))
    }

    init(_ address: SocketAddress, asked: SocketAddress? = nil, on channel: ObjectIdentifier) {
      self.channel = channel
      self.address = address
      unixName = address.unixName
      self.asked = asked
    }

    var unasked: Key { Key(address, on: channel) }

    /// Our end of the conversation.
    func localAddress(on channel: any Channel) -> SocketAddress? {
      guard var address = asked else { return channel.localAddress }
      address.port = channel.localAddress?.port
      return address
    }
  }

  private var sessions: [Key: DatagramSession] = [:]
  private var keys: [Int: Key] = [:]
  /// Sessions that were spoken to since the last flush.
  private var touched: [DatagramSession] = []
  private var dropped = 0
  private var hasToldOfCrowd = false

  var count: Int { sessions.count }

  /// The session of an address; one that was made before the address spoke knows not which of ours it would ask.
  subscript(key: Key) -> DatagramSession? { sessions[key] ?? sessions[key.unasked] }

  /// The first session of an address, whichever of ours it asks.
  func first(at address: SocketAddress) -> DatagramSession? {
    sessions.values.filter { $0.peer.remoteAddress == address }.min { $0.peer.number < $1.peer.number }
  }

  mutating func add(_ session: DatagramSession, as key: Key) {
    sessions[key] = session
    keys[session.peer.number] = key
  }

  mutating func remove(_ session: Session) {
    if let key = keys.removeValue(forKey: session.peer.number) { sessions[key] = nil }
  }

  mutating func touch(_ session: DatagramSession) { touched.append(session) }

  mutating func flush() {
    for session in touched { session.flush() }
    touched.removeAll(keepingCapacity: true)
  }

  mutating func drop() { dropped += 1 }

  /// What to say of datagrams that were dropped, if any were.
  mutating func takeNoticeOfDropped() -> Phrase? {
    guard dropped > 0 else { return nil }
    defer { dropped = 0 }
    return TalkSentence.datagramsDropped(dropped).phrase
  }

  /// What to say, once, of addresses that find no place.
  mutating func takeNoticeOfCrowd() -> Phrase? {
    guard !hasToldOfCrowd else { return nil }
    hasToldOfCrowd = true
    return TalkSentence.tooManySources.phrase
  }
}

extension ServerCore {
  /// Sets a channel for datagrams up.
  func bind(_ channel: any Channel) throws {
    if configuration.isBareEcho {
      let handler = DatagramEchoHandler(
        guardsAgainstLoops: configuration.conversation.automation.guardsAgainstLoops
      ) { [weak self] address in
        let notice = TalkSentence.sourceAnswersAnswers(address.text, LoopGuard.silence.text).phrase
        self?.observer.conversation(.notice(nil, notice))
      }
      return try channel.pipeline.syncOperations.addHandler(handler)
    }
    let handler = DatagramHandler(
      arrived: { [weak self] channel, envelope in self?.datagramArrived(envelope, on: channel) },
      completed: { [weak self] in self?.datagrams.flush() },
      writable: { [weak self] in self?.socketBecameWritable() }
    )
    try channel.pipeline.syncOperations.addHandler(handler)
  }

  /// All speak through few sockets: whoever waited for one is asked again.
  private func socketBecameWritable() {
    for session in clientele.served.values { session.becameWritable() }
  }

  private func datagramArrived(_ envelope: AddressedEnvelope<ByteBuffer>, on channel: any Channel) {
    // What nobody can take is dropped, as a socket that is full would drop it.
    guard observer.isReady else { return datagrams.drop() }
    let key = DatagramPeers.Key(envelope, on: channel)
    guard let session = datagrams[key] ?? newSession(key, envelope, on: channel), !session.isFinishing else { return }
    var marks: Message.Marks = .datagram
    let datagram = configuration.datagrams.cut(envelope.data, &marks)
    session.arrived(datagram, marks: marks)
    datagrams.touch(session)
  }

  private func newSession(
    _ key: DatagramPeers.Key,
    _ first: AddressedEnvelope<ByteBuffer>,
    on channel: any Channel
  ) -> DatagramSession? {
    guard life.admits, configuration.filter.admits(key.address) else { return nil }
    guard hasRoomForPeer else {
      if let notice = datagrams.takeNoticeOfCrowd() { observer.conversation(.notice(nil, notice)) }
      return nil
    }
    return open(key, asked: first.asked, on: channel)
  }

  private var hasRoomForPeer: Bool {
    datagrams.count < configuration.maximumDatagramPeers && clientele.waiting.count < configuration.maximumWaiting
  }

  private func open(_ key: DatagramPeers.Key, asked: NIOPacketInfo?, on channel: any Channel) -> DatagramSession {
    let session = DatagramSession(
      channel: channel,
      peer: nextPeer(key.address, key.localAddress(on: channel)),
      asked: asked,
      owner: self,
      configuration: configuration.conversation
    )
    datagrams.add(session, as: key)
    session.open()
    return session
  }

  /// Makes a peer of an address that has sent nothing yet.
  func addPeer(_ address: SocketAddress) throws(Failure) -> Peer {
    let channels = listener?.channels ?? []
    guard configuration.isDatagram,
      let channel = channels.first(where: { $0.localAddress?.protocol == address.protocol })
    else { throw Failure(.usage, .noSocketFor(address.text)) }
    let key = DatagramPeers.Key(address, on: ObjectIdentifier(channel))
    if let known = datagrams[key] ?? datagrams.first(at: address) { return known.peer }
    guard life.admits, hasRoomForPeer else { throw Failure(.usage, .tooManyPeers) }
    return open(key, asked: nil, on: channel).peer
  }
}

extension AddressedEnvelope<ByteBuffer> {
  /// Which of our addresses it was sent to, where that is known; a group's is nobody's.
  fileprivate var asked: NIOPacketInfo? {
    guard let asked = metadata?.packetInfo, !asked.destinationAddress.isMulticast else { return nil }
    return asked
  }
}
