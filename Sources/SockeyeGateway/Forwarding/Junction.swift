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

  /// How long nothing may pass on a stream of which one direction has ended, at least; it may be twice as long. Whoever still works
  /// on an answer has time for it: it is what a NAT owes a stream that is open (RFC 5382 REQ-5), where it owes one that is half
  /// closed four minutes.
  static let halfClosedLimit = TimeAmount.minutes(124)

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

  /// One direction has come to its end, that to a channel. After both, nothing is left to be said; until then it is that channel
  /// that may say more.
  func endDirection(to channel: any Channel) {
    let count = endedDirections.withLock { count in
      count += 1
      return count
    }
    if count == 2 { return close() }
    channel.eventLoop.execute {
      let end = try? channel.pipeline.syncOperations.handler(type: JunctionEnd.self)
      end?.limitRest(to: Self.halfClosedLimit)
    }
  }

  /// Nothing has passed for longer than may be: resets both, which are told why first.
  func expire() {
    for channel in [first, second] { channel.pipeline.fireUserInboundEventTriggered(Expiry()) }
    cut()
  }

  /// What both channels of a junction are told before it resets them for having rested too long.
  struct Expiry: Sendable {}

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
