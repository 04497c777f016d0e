/// The numbers of the pcapng format (draft-ietf-opsawg-pcapng).
enum PcapngBlockType {
  static let interfaceDescription: UInt32 = 1
  static let simplePacket: UInt32 = 3
  static let enhancedPacket: UInt32 = 6
  static let sectionHeader: UInt32 = 0x0A0D_0D0A
}

enum PcapngOption {
  static let end: UInt16 = 0
  static let comment: UInt16 = 1
  static let interfaceName: UInt16 = 2
  static let packetFlags: UInt16 = 2
  static let interfaceDescription: UInt16 = 3
  static let sectionApplication: UInt16 = 4
  static let timestampResolution: UInt16 = 9
  static let timestampOffset: UInt16 = 14
}

/// What the packets of an interface start with, by the registry of link types.
public struct PcapngLinkType: RawRepresentable, Hashable, Sendable {
  /// The registered number.
  public let rawValue: UInt16

  /// The link type of that number.
  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  /// Ethernet frames.
  public static let ethernet = PcapngLinkType(rawValue: 1)
  /// Bare IPv4 or IPv6 packets, told apart by their first four bits.
  public static let rawIP = PcapngLinkType(rawValue: 101)
}

/// Which way a packet went, as the interface saw it.
public enum PcapngDirection: UInt8, Sendable {
  /// The direction isn't known, or isn't said.
  case unknown = 0
  /// Received.
  case inbound = 1
  /// Sent.
  case outbound = 2
}

/// An interface of a capture.
public struct PcapngInterface: Equatable, Sendable {
  /// What packets start with.
  public var linkType: PcapngLinkType
  /// The most that was kept of a packet, in bytes; 0 for no limit.
  public var snapshotLength: UInt32
  /// The interface's name, empty if it has none.
  public var name: String
  /// What the interface is, for people; empty if nothing is said.
  public var description: String

  /// An interface from its fields.
  public init(
    linkType: PcapngLinkType = .rawIP,
    snapshotLength: UInt32 = 0,
    name: String = "",
    description: String = ""
  ) {
    self.linkType = linkType
    self.snapshotLength = snapshotLength
    self.name = name
    self.description = description
  }
}
