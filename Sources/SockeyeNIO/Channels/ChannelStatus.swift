internal import Synchronization

/// What a channel tells of itself to any thread. It is written on the loop alone.
struct ChannelStatus: ~Copyable, Sendable {
  private let bits: Atomic<UInt8>

  private static var active: UInt8 { 1 }
  private static var writable: UInt8 { 2 }

  init(isWritable: Bool) {
    bits = Atomic(isWritable ? Self.writable : 0)
  }

  var isActive: Bool { bits.load(ordering: .relaxed) & Self.active != 0 }
  var isWritable: Bool { bits.load(ordering: .relaxed) & Self.writable != 0 }

  func setActive(_ isActive: Bool) {
    _ = set(Self.active, isActive)
  }

  /// Returns whether this changes it.
  func setWritable(_ isWritable: Bool) -> Bool {
    set(Self.writable, isWritable)
  }

  private func set(_ bit: UInt8, _ isSet: Bool) -> Bool {
    let (old, new) =
      isSet ? bits.bitwiseOr(bit, ordering: .relaxed) : bits.bitwiseAnd(~bit, ordering: .relaxed)
    return old != new
  }
}
