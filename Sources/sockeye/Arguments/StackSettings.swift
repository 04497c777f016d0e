import ArgumentParser
import SockeyeTCP

/// Settings of our own TCP as users write them, behind commas: `congestion=bbr,initial-window=20`.
struct StackSettings: ExpressibleByArgument {
  /// What may be set.
  enum Key: String, CaseIterable {
    case congestion, offload, pacing, ecn, sack, timestamps
    case initialWindow = "initial-window"
    case receiveBuffer = "receive-buffer"
    case sendBuffer = "send-buffer"
  }

  private(set) var congestion = CongestionArgument.cubic
  /// Whether super-segments pass between the kernel and the host.
  private(set) var hasOffload = true
  private var changes: [Change] = []

  private enum Change {
    case pacing(Bool)
    case ecn(Bool)
    case sack(Bool)
    case timestamps(Bool)
    case initialWindow(UInt16)
    case receiveBuffer(UInt32)
    case sendBuffer(UInt32)
  }

  /// The defaults.
  init() {}

  init?(argument: String) {
    for setting in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let sign = setting.firstIndex(of: "="), let key = Key(rawValue: String(setting[..<sign])),
        set(key, to: String(setting[setting.index(after: sign)...]))
      else { return nil }
    }
  }

  /// Returns whether the key can have that value.
  mutating func set(_ key: Key, to value: String) -> Bool {
    switch key {
    case .congestion: return CongestionArgument(rawValue: value).map { congestion = $0 } != nil
    case .offload: return Self.truth(value).map { hasOffload = $0 } != nil
    case .pacing: return note(Self.truth(value).map { .pacing($0) })
    case .ecn: return note(Self.truth(value).map { .ecn($0) })
    case .sack: return note(Self.truth(value).map { .sack($0) })
    case .timestamps: return note(Self.truth(value).map { .timestamps($0) })
    case .initialWindow:
      return note(UInt16(value).flatMap { (1...1_000).contains($0) ? .initialWindow($0) : nil })
    case .receiveBuffer: return note(Self.buffer(value).map { .receiveBuffer($0) })
    case .sendBuffer: return note(Self.buffer(value).map { .sendBuffer($0) })
    }
  }

  private mutating func note(_ change: Change?) -> Bool {
    guard let change else { return false }
    changes.append(change)
    return true
  }

  private static func truth(_ value: String) -> Bool? {
    switch value {
    case "yes": true
    case "no": false
    default: nil
    }
  }

  /// A buffer has room for a segment; more than a GiB no window can offer (RFC 7323 section 2.3).
  private static func buffer(_ value: String) -> UInt32? {
    guard let size = SizeArgument(argument: value), (4_096...1 << 30).contains(size.bytes) else { return nil }
    return UInt32(size.bytes)
  }

  /// Changes what connections start from.
  func apply(to connection: inout ConnectionConfiguration) {
    connection.congestionControl = congestion.algorithm
    for change in changes {
      switch change {
      case .pacing(let isOn): connection.pacing = isOn
      case .ecn(let isOn): connection.explicitCongestionNotification = isOn ? .classic : .off
      case .sack(let isOn): connection.selectiveAcknowledgment = isOn
      case .timestamps(let isOn): connection.timestamps = isOn
      case .initialWindow(let segments): connection.initialCongestionWindow = segments
      case .receiveBuffer(let size):
        connection.maximumReceiveBuffer = size
        connection.receiveBuffer = min(connection.receiveBuffer, size)
        connection.initialReceiveWindow = min(connection.initialReceiveWindow, size)
      case .sendBuffer(let size): connection.sendBuffer = size
      }
    }
  }
}
