internal import Glibc
internal import NIOCore
internal import Synchronization

/// Two streams joined, each way as far as the other takes it: what ends one end of them.
///
/// An end of input passes when all before it has; a reset, or any other failure, resets both.
final class Junction: Sendable {
  private let first: any Channel
  private let second: any Channel
  /// How many of the two directions have ended.
  private let endedDirections = Mutex(0)

  private init(_ first: any Channel, _ second: any Channel) {
    self.first = first
    self.second = second
  }

  /// Joins two channels that have a ``JunctionEnd`` each.
  static func join(_ first: any Channel, _ second: any Channel) {
    let junction = Junction(first, second)
    junction.start(at: first, to: second)
    junction.start(at: second, to: first)
  }

  private func start(at channel: any Channel, to other: any Channel) {
    channel.eventLoop.execute { [self] in
      guard let end = try? channel.pipeline.syncOperations.handler(type: JunctionEnd.self) else { return cut() }
      end.join(other, in: self)
    }
  }

  /// One direction has come to its end. After both, nothing is left to be said.
  func endDirection() {
    let count = endedDirections.withLock { count in
      count += 1
      return count
    }
    if count == 2 { close() }
  }

  /// Closes both in order.
  func close() {
    first.close(promise: nil)
    second.close(promise: nil)
  }

  /// Resets both.
  func cut() {
    Self.reset(first)
    Self.reset(second)
  }

  /// Closes a channel by a reset, where it is TCP's.
  static func reset(_ channel: any Channel) {
    let atOnce = linger(l_onoff: 1, l_linger: 0)
    guard let provider = channel as? any SocketOptionProvider else { return channel.close(promise: nil) }
    provider.setSoLinger(atOnce).whenComplete { _ in channel.close(promise: nil) }
  }
}
