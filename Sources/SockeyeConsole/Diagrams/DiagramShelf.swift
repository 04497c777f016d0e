internal import SockeyeText
import Synchronization

/// The connections that can be drawn: those of sessions that keep segments, of this opening of each. For any thread.
final class DiagramShelf: Sendable {
  /// How many connections of a session are remembered.
  private static let most = 1024

  let sight: (any ConnectionSight)?
  private let language: Language
  private let connections = Mutex<[String: [(peer: Int, ends: ConnectionEnds)]]>([:])

  init(_ sight: (any ConnectionSight)?, _ language: Language) {
    self.sight = sight
    self.language = language
  }

  func add(_ ends: ConnectionEnds, of peer: Int, in session: String) {
    connections.withLock { connections in
      var own = connections[session] ?? []
      own.append((peer, ends))
      if own.count > Self.most { own.removeFirst(own.count - Self.most) }
      connections[session] = own
    }
  }

  /// A session begins anew, or is gone.
  func clear(_ session: String) { connections.withLock { _ = $0.removeValue(forKey: session) } }

  /// The ends of a peer's connection.
  func find(_ peer: Int, in session: String) -> ConnectionEnds? {
    connections.withLock { $0[session]?.last { $0.peer == peer }?.ends }
  }

  /// What draws the page of a connection.
  ///
  /// - Parameter path: `SESSION/PEER`, the end of a URL's path.
  func page(_ path: Substring) -> (@Sendable () -> DiagramPage?)? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let peer = Int(parts[1]), let ends = find(peer, in: String(parts[0])), let sight else {
      return nil
    }
    return { [language] in sight.page(of: ends, in: language) }
  }
}
