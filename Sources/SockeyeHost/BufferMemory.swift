/// What the buffers of all connections take together, and what follows when it is too much: in the manner of Linux's tcp_mem,
/// pressure begins well below the limit and lasts until there is room again.
struct BufferMemory {
  /// Bytes that an application may have queued on a connection under pressure, and that may always wait to be read: enough
  /// for each to go on.
  static var leastBuffer: Int { 16_384 }
  /// Bytes that a receive buffer is shrunk to under pressure.
  static var pressedReceiveBuffer: UInt32 { 65_536 }

  /// Bytes that all buffers may take; nil for no limit.
  let limit: Int?
  /// Bytes that they take.
  private(set) var used = 0
  /// Whether buffers shrink.
  private(set) var isPressed = false

  /// - Parameter limit: bytes; 0 for no limit.
  init(limit: Int) {
    self.limit = limit > 0 ? limit : nil
  }

  /// Whether there is nothing left: what would begin is refused.
  var isExhausted: Bool {
    guard let limit else { return false }
    return used >= limit
  }

  /// Notes that a connection's buffers take so much more, or less.
  mutating func change(by count: Int) {
    used += count
    guard let limit else { return }
    if used >= limit / 4 * 3 { isPressed = true } else if used < limit / 2 { isPressed = false }
  }

  /// How much of `capacity` an application may write that has so much queued.
  func allowed(_ capacity: Int, queued: Int) -> Int {
    isPressed ? min(capacity, max(0, Self.leastBuffer - queued)) : capacity
  }
}
