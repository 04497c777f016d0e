internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// The operations on sessions.
extension ConsoleCore {
  /// How many sessions there may be.
  private static let mostSessions = 256
  /// How many peers a request may name.
  private static let mostNamedPeers = 65_536

  func find(_ id: String) throws(ConsoleError) -> ConsoleSession {
    guard let session = sessions.first(where: { $0.id == id }) else {
      throw ConsoleError(.missing, .noSession(VisibleText.of(id)))
    }
    return session
  }

  func takeSession(_ members: inout Members) throws(ConsoleError) -> ConsoleSession {
    try find(try members.requiredString("session"))
  }

  /// Opens a session, a new one or one that is there.
  func open(_ members: inout Members, _ answer: @escaping Answer) throws(ConsoleError) {
    let id = try members.string("session")
    let given = try members.object("settings")
    try members.finish()
    let settings = try given.map { json throws(ConsoleError) in try SessionSettings(json) }
    let session: ConsoleSession
    if let id {
      session = try find(id)
      session.close()
      if let settings { session.change(settings) }
    } else {
      guard let settings else { throw ConsoleError(.usage, .memberMissing("settings")) }
      guard sessions.count < Self.mostSessions else { throw ConsoleError(.usage, .tooManySessions(Self.mostSessions)) }
      session = addSession(settings)
    }
    session.open { error in
      if let error { return answer(.failure(error)) }
      answer(.success(["session": session.json]))
    }
  }

  func close(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeSession(&members)
    try members.finish()
    session.close()
    return [:]
  }

  func remove(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeSession(&members)
    try members.finish()
    session.close()
    session.watchStatus(every: nil)
    _ = session.endRecord()
    sessions.removeAll { $0 === session }
    diagrams.clear(session.id)
    session.tell("removed")
    return [:]
  }

  func rename(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeSession(&members)
    let name = try members.requiredString("name")
    try members.finish()
    session.rename(name)
    return [:]
  }

  func send(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeSession(&members)
    let peers = try takePeers(&members)
    let message = try MessageForm(try members.requiredObject("message"))
    try members.finish()
    let (telling, composed) = try session.say(message, to: peers, as: .user)
    try Self.judge(telling, isForAll: peers == nil)
    let bytes = composed.bytes.readableBytesView
    return [
      "bytes": .integer(bytes.count), "hex": .string(Hex.text(bytes.prefix(4096))),
      "peers": .array(telling.told.map { .integer($0) }),
    ]
  }

  /// Something that nobody was told has failed.
  private static func judge(_ telling: Telling, isForAll: Bool) throws(ConsoleError) {
    guard telling.told.isEmpty else { return }
    if let peer = telling.behind.first { throw ConsoleError(.behind, .peerIsBehind(peer)) }
    if let peer = telling.missing.first, !isForAll { throw ConsoleError(.missing, .noPeer(peer)) }
    throw ConsoleError(.missing, .nobodyThere)
  }

  private func takePeers(_ members: inout Members) throws(ConsoleError) -> [Int]? {
    guard let values = try members.array("to", atMost: Self.mostNamedPeers) else { return nil }
    var peers: [Int] = []
    for value in values {
      guard let peer = value.integer else { throw ConsoleError(.usage, .memberTakes("to", .list(Self.mostNamedPeers))) }
      peers.append(peer)
    }
    return peers
  }

  func cycle(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeSession(&members)
    let peers = try takePeers(&members)
    let plan = try CyclePlan(&members)
    try members.finish()
    return ["cycle": .string(try session.begin(plan, to: peers))]
  }

  func stop(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let id = try members.requiredString("cycle")
    try members.finish()
    let session = try find(String(id.prefix { $0 != "-" }))
    try session.stopCycle(id)
    return [:]
  }

  func watchStatus(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeSession(&members)
    let pause = try members.duration("every")
    try members.finish()
    session.watchStatus(every: pause)
    return [:]
  }

  func record(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeSession(&members)
    let name = try RecordName(try members.requiredString("file"))
    let form = try members.choice("format", SessionRecord.Form.self) ?? .raw
    try members.finish()
    try session.beginRecord(name, form, in: configuration.directory)
    shelf.add(name)
    return ["file": .string(name.text)]
  }

  /// Ends a record, which is whole once this is answered.
  func endRecord(_ members: inout Members, _ answer: @escaping Answer) throws(ConsoleError) {
    let session = try takeSession(&members)
    try members.finish()
    guard let name = session.record?.name.text else { throw ConsoleError(.missing, .recordsNothing) }
    session.endRecord().assumeIsolated().whenComplete { _ in answer(.success(["file": .string(name)])) }
  }

  func end(_ operation: String, _ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeSession(&members)
    let peer = try members.integer("peer", in: 1...Int.max)
    try members.finish()
    guard let peer else { throw ConsoleError(.usage, .memberMissing("peer")) }
    let conversation = session.conversation
    let isThere = operation == "kick" ? conversation?.kick(peer) : conversation?.endOutput(to: peer)
    guard isThere == true else { throw ConsoleError(.missing, .noPeer(peer)) }
    return [:]
  }

  func addPeer(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeSession(&members)
    let text = try members.requiredString("address")
    try members.finish()
    guard case .server(let server)? = session.conversation, session.settings.kind.isDatagram else {
      throw ConsoleError(.usage, .notDatagrams)
    }
    do throws(Failure) {
      guard case .network(let host?, let port) = try Endpoint.parse(text).location, port != 0,
        let address = try? SocketAddress(ipAddress: host, port: Int(port))
      else { throw Failure(.usage, .memberIsNoAddress("address")) }
      return ["peer": .integer(try server.addPeer(address).number)]
    } catch {
      throw ConsoleError(error)
    }
  }
}
