import Glibc
import SockeyeGateway
import SockeyeSight
import SockeyeText
import SockeyeTransport

/// A command whose connections are watched: it runs in a network of its own, and what the gateway there would write to a capture
/// goes to a pipe, at whose other end it is read at once. It takes no privileges.
final class WatchedCommand: Sendable {
  /// What is shown.
  struct View: Sendable {
    let lines: LiveLines
    let port: UInt16?
    /// What is written of the streams, instead of a line for each segment.
    let follow: FollowOutput?
  }

  private let session: RunSession
  private let view: View
  private let reading: Int32
  private let writing: Int32

  /// - Throws: a failure of kind `other` where the system has no descriptors left.
  init(_ command: [String], _ view: View) throws(Failure) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Failure(.other, .cannotWatchCommand(.system(errno))) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reading, writing) = (ends[0], ends[1])
    self.view = view
    var child = ChildConfiguration(command.map(ArgumentText.bytes))
    var network = ChildNetwork()
    // Segments are to be seen as they would be on a wire.
    network.hasOffload = false
    child.network = network
    child.ignoredSignals = Signals.ignoredAtStart
    var gateway = GatewayConfiguration()
    gateway.capturePath = "/proc/self/fd/\(writing)"
    session = RunSession(
      child,
      named: command[0],
      gateway,
      try ConnectionLog(file: nil),
      report: .none,
      saysSeed: false,
      output: .errors
    )
  }

  /// Runs the command, and shows its segments as they pass; then `finish` is called with all connections, and this program ends
  /// as the command did.
  func run(_ finish: (ConversationTable, FollowOutput?) throws -> Void) async throws {
    let (reading, view) = (reading, view)
    let seen = Task.detached { try await Self.read(reading, view) }
    let (end, child): (ChildEnd, ChildProcess)
    do {
      (end, child) = try await session.conclude()
    } catch {
      close(writing)
      _ = try? await seen.value
      throw error
    }
    // The gateway has closed its own: this was the last end to write to.
    close(writing)
    let (table, follow) = try await seen.value
    try finish(table, follow)
    try session.pass(on: end, of: child)
  }

  /// Reads on a thread of its own: it waits for what the command sends.
  private static func read(_ descriptor: Int32, _ view: View) async throws -> (ConversationTable, FollowOutput?) {
    try await withCheckedThrowingContinuation { continuation in
      do {
        try DedicatedThread.start {
          continuation.resume(with: Result { try show(descriptor, view) })
          drain(descriptor)
        }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  private static func show(_ descriptor: Int32, _ view: View) throws -> (ConversationTable, FollowOutput?) {
    // Segments are shown and forgotten; what is kept of a connection is of fixed size.
    var limits = ConversationTable.Limits()
    limits.segments = 0
    limits.port = view.port
    var follow = view.follow
    let isFollowing = follow != nil
    let (table, _) = try CaptureInput.read("/proc/self/fd/\(descriptor)", limits: limits, isLive: true) {
      seen,
      payload,
      table in
      if isFollowing {
        try follow?.take(seen, payload, in: table)
      } else {
        view.lines.show(seen, in: table.conversations[seen.index])
      }
    }
    return (table, follow)
  }

  /// Whoever writes goes on, though nobody looks any more.
  private static func drain(_ descriptor: Int32) {
    var room = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &room, room.count)
      guard count > 0 || (count < 0 && errno == EINTR) else { break }
    }
    close(descriptor)
  }
}
