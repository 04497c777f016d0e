internal import NIOCore
internal import SockeyeWire

/// The names by which a child knows addresses: those that the user has given, and those that name servers told it of late.
///
/// What a server says holds for as long as it says, and ten minutes at least: programs keep addresses longer than they should.
/// Bounded: what expires first gives way.
struct KnownNames {
  private struct Told {
    let name: HostName
    var expiry: NIODeadline
  }

  private let given: [IPAddress: [HostName]]
  private var told: [IPAddress: [Told]] = [:]
  private(set) var toldCount = 0

  /// Names that servers told, at most, and of one address.
  static let mostTold = 8_192
  static let mostOfAddress = 16
  static let leastTime = TimeAmount.minutes(10)
  static let mostTime = TimeAmount.hours(24)

  init(given: [HostName: [IPAddress]] = [:]) {
    var names: [IPAddress: [HostName]] = [:]
    for (name, addresses) in given {
      for address in addresses { names[address, default: []].append(name) }
    }
    self.given = names
  }

  /// A name server has said that a name stands for an address, for so many seconds.
  mutating func note(_ name: HostName, _ address: IPAddress, timeToLive: UInt32, now: NIODeadline) {
    let time = min(max(.seconds(Int64(timeToLive)), Self.leastTime), Self.mostTime)
    var names = told[address] ?? []
    let before = names.count
    if let index = names.firstIndex(where: { $0.name == name }) {
      names[index].expiry = max(names[index].expiry, now + time)
    } else {
      names.append(Told(name: name, expiry: now + time))
      if names.count > Self.mostOfAddress { Self.removeFirstToExpire(of: &names) }
    }
    toldCount += names.count - before
    told[address] = names
    if toldCount > Self.mostTold { makeRoom(now: now) }
  }

  private static func removeFirstToExpire(of names: inout [Told]) {
    guard let index = names.indices.min(by: { names[$0].expiry < names[$1].expiry }) else { return }
    names.remove(at: index)
  }

  /// Forgets an eighth: what has expired, and then what expires first.
  private mutating func makeRoom(now: NIODeadline) {
    let all = told.flatMap { address, names in names.map { (address: address, name: $0.name, expiry: $0.expiry) } }
    let kept = all.filter { $0.expiry > now }.sorted { $0.expiry > $1.expiry }.prefix(Self.mostTold / 8 * 7)
    told = [:]
    for entry in kept { told[entry.address, default: []].append(Told(name: entry.name, expiry: entry.expiry)) }
    toldCount = kept.count
  }

  /// The names of an address, those that the user gave first, and of others the last told first.
  func names(of address: IPAddress, now: NIODeadline) -> [KnownName] {
    let own = (given[address] ?? []).map { KnownName($0, isGiven: true) }
    let others = (told[address] ?? []).filter { $0.expiry > now }.sorted { $0.expiry > $1.expiry }
    return own + others.map { KnownName($0.name) }
  }
}
