internal import NIOCore
internal import SockeyeWire

/// Tells by which path a packet goes: that of the first rule that is about its end outside, or the one for all others, which is
/// number 0.
struct PathChooser {
  private let rules: [AccessRule]
  private let asksNames: Bool
  private let names: SharedNames

  init(_ rules: [AccessRule], _ names: SharedNames) {
    self.rules = rules
    self.names = names
    asksNames = rules.contains { rule in
      switch rule.subject {
      case .name, .namesBelow: true
      case .everybody, .network: false
      }
    }
  }

  /// The number of a packet's path. A rule for some ports is about all fragments, most of which show none: what is in pieces
  /// goes one way.
  ///
  /// - Parameter comesFromChild: whether its end outside is its destination.
  func path(of packet: RawSpan, comesFromChild: Bool, now: NIODeadline) -> Int {
    guard !rules.isEmpty, let ends = PacketEnds(packet) else { return 0 }
    let outside = comesFromChild ? ends.destination : ends.source
    let forms = [outside.address, outside.address.embedded].compactMap(\.self)
    let names = asksNames ? names.names(of: outside.address, now: now) : []
    let first = rules.firstIndex { rule in
      guard ends.isFragment || rule.covers(port: outside.port) else { return false }
      return forms.contains(where: rule.covers) || names.contains { rule.covers(name: $0.name) }
    }
    return first.map { $0 + 1 } ?? 0
  }
}
