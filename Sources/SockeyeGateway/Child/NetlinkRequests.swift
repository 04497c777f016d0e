internal import SockeyeWire

/// Requests to the kernel about a network's interfaces, addresses and routes (rtnetlink(7)), one behind the other, in the
/// machine's byte order. Each asks for an acknowledgment.
struct NetlinkRequests: Hashable {
  private(set) var bytes: [UInt8] = []

  private enum Kind: UInt16 {
    case newLink = 16
    case newAddress = 20
    case newRoute = 24
  }

  private enum Flags {
    static let request: UInt16 = 0x1
    static let acknowledge: UInt16 = 0x4
    static let exclusive: UInt16 = 0x200
    static let create: UInt16 = 0x400
  }

  private static let headerLength = 16
  private static let isUp: UInt32 = 1

  /// Brings an interface up, and gives it an MTU, and a queue for so many packets, unless that is nil.
  mutating func bringUp(_ index: UInt32, maximumTransmissionUnit: UInt32? = nil, queueLength: UInt32? = nil) {
    add(.newLink) { request in
      request.append(UInt32(0))
      request.append(index)
      request.append(Self.isUp)
      request.append(Self.isUp)
      if let maximumTransmissionUnit {
        request.appendAttribute(4) { $0.append(maximumTransmissionUnit) }
      }
      if let queueLength { request.appendAttribute(13) { $0.append(queueLength) } }
    }
  }

  /// Gives an interface an address, which an IPv6 one is from that moment on: there is nobody whose it might be already.
  mutating func addAddress(_ address: IPAddress, prefixLength: UInt8, to index: UInt32) {
    let withoutDetection: UInt8 = 0x02
    add(.newAddress, Flags.create | Flags.exclusive) { request in
      request.append([Self.family(address), prefixLength, withoutDetection, 0])
      request.append(index)
      request.appendAttribute(2) { $0.append(Self.octets(address)) }
      request.appendAttribute(1) { $0.append(Self.octets(address)) }
    }
  }

  /// Sends what is for elsewhere through an interface to a gateway.
  mutating func addDefaultRoute(to gateway: IPAddress, over index: UInt32) {
    let (mainTable, fromStart, everywhere, unicast): (UInt8, UInt8, UInt8, UInt8) = (254, 3, 0, 1)
    add(.newRoute, Flags.create | Flags.exclusive) { request in
      request.append([Self.family(gateway), 0, 0, 0, mainTable, fromStart, everywhere, unicast])
      request.append(UInt32(0))
      request.appendAttribute(5) { $0.append(Self.octets(gateway)) }
      request.appendAttribute(4) { $0.append(index) }
    }
  }

  private mutating func add(_ kind: Kind, _ flags: UInt16 = 0, _ content: (inout NetlinkBytes) -> Void) {
    var body = NetlinkBytes()
    content(&body)
    var header = NetlinkBytes()
    header.append(UInt32(Self.headerLength + body.bytes.count))
    header.append(kind.rawValue)
    header.append(Flags.request | Flags.acknowledge | flags)
    header.append(UInt32(0))
    header.append(UInt32(0))
    bytes += header.bytes + body.bytes
  }

  private static func family(_ address: IPAddress) -> UInt8 {
    switch address {
    case .v4: 2
    case .v6: 10
    }
  }

  /// An address as it is on the wire.
  static func octets(_ address: IPAddress) -> [UInt8] {
    switch address {
    case .v4(let address): withUnsafeBytes(of: address.rawValue.bigEndian) { Array($0) }
    case .v6(let address):
      withUnsafeBytes(of: address.high.bigEndian) { Array($0) }
        + withUnsafeBytes(of: address.low.bigEndian) { Array($0) }
    }
  }
}

/// The inside of a request.
private struct NetlinkBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value) { bytes += $0 }
  }

  mutating func append(_ octets: [UInt8]) {
    bytes += octets
  }

  /// Appends a length, a kind and a value; the next one begins at a multiple of four.
  mutating func appendAttribute(_ kind: UInt16, _ content: (inout NetlinkBytes) -> Void) {
    var value = NetlinkBytes()
    content(&value)
    append(UInt16(4 + value.bytes.count))
    append(kind)
    bytes += value.bytes
    while bytes.count % 4 != 0 { bytes.append(0) }
  }
}

extension NetlinkRequests {
  /// The index of the loopback interface of every network.
  private static let loopback: UInt32 = 1

  /// What a command's network can't do without: its loopback interface, and IPv4 on the link.
  init(_ network: ChildNetwork?, over index: UInt32) {
    bringUp(Self.loopback)
    guard let network else { return }
    let maximumTransmissionUnit = UInt32(network.maximumTransmissionUnit)
    bringUp(
      index,
      maximumTransmissionUnit: maximumTransmissionUnit,
      queueLength: Self.queueLength(maximumTransmissionUnit)
    )
    let addresses = network.addresses
    addAddress(.v4(addresses.child4), prefixLength: UInt8(addresses.prefixLength4), to: index)
    addDefaultRoute(to: .v4(addresses.gateway4), over: index)
  }

  /// Packets that wait for the gateway at most: some 6 MB of them, which is a quarter of a second of datagrams at 200 Mbit/s. TUN's
  /// own 500 are lost as soon as the gateway has to wait for a processor; what a full queue drops, datagrams' senders aren't told.
  private static func queueLength(_ maximumTransmissionUnit: UInt32) -> UInt32 {
    min(max((6 << 20) / maximumTransmissionUnit, 500), 10_000)
  }

  /// What it may do without, since a machine may have no IPv6.
  init(optionalFor network: ChildNetwork?, over index: UInt32) {
    guard let network, network.hasIPv6 else { return }
    let addresses = network.addresses
    addAddress(.v6(addresses.child6), prefixLength: UInt8(addresses.prefixLength6), to: index)
    addDefaultRoute(to: .v6(addresses.gateway6), over: index)
  }
}
