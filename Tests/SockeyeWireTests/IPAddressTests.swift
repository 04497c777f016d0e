import SockeyeSimulator
import SockeyeWire
import Testing

@Suite("Addresses")
struct IPAddressTests {
  @Test(
    "An IPv4 address is read from dotted decimal and written so",
    arguments: [
      ("0.0.0.0", 0), ("127.0.0.1", 0x7F00_0001), ("255.255.255.255", 0xFFFF_FFFF), ("10.1.2.3", 0x0A01_0203),
    ] as [(String, UInt32)]
  )
  func ipv4(text: String, value: UInt32) {
    #expect(IPv4Address(text) == IPv4Address(rawValue: value))
    #expect(IPv4Address(rawValue: value).description == text)
  }

  @Test(
    "What isn't strict dotted decimal is no IPv4 address",
    arguments: [
      "", ".", "1", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.4.5", "256.1.1.1", "1.2.3.256",
      "01.2.3.4",
      "1.2.3.04", "00.0.0.0", "1.2.3.4 ", " 1.2.3.4", "1.2.3.a", "-1.2.3.4", "99999999999.1.1.1", "1,2,3,4", "::1",
    ]
  )
  func notIPv4(text: String) {
    #expect(IPv4Address(text) == nil)
  }

  @Test(
    "An IPv6 address is read in every form and written in RFC 5952's",
    arguments: [
      ("::", 0, 0, "::"),
      ("::1", 0, 1, "::1"),
      ("1::", 1 << 48, 0, "1::"),
      ("0:0:0:0:0:0:0:1", 0, 1, "::1"),
      ("2001:DB8::1", 0x2001_0DB8_0000_0000, 1, "2001:db8::1"),
      ("2001:db8:0:0:1:0:0:1", 0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001, "2001:db8::1:0:0:1"),
      ("2001:db8:0:1:1:1:1:1", 0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001, "2001:db8:0:1:1:1:1:1"),
      ("2001:0:0:1:0:0:0:1", 0x2001_0000_0000_0001, 1, "2001:0:0:1::1"),
      ("fe80::1:0", 0xFE80_0000_0000_0000, 0x1_0000, "fe80::1:0"),
      ("1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004, 0x0005_0006_0007_0008, "1:2:3:4:5:6:7:8"),
      ("1:2:3:4:5:6:7::", 0x0001_0002_0003_0004, 0x0005_0006_0007_0000, "1:2:3:4:5:6:7:0"),
      ("::2:3:4:5:6:7:8", 0x0000_0002_0003_0004, 0x0005_0006_0007_0008, "0:2:3:4:5:6:7:8"),
      ("::ffff:192.0.2.1", 0, 0xFFFF_C000_0201, "::ffff:192.0.2.1"),
      ("::ffff:0:0", 0, 0xFFFF_0000_0000, "::ffff:0.0.0.0"),
      ("64:ff9b::192.0.2.33", 0x0064_FF9B_0000_0000, 0xC000_0221, "64:ff9b::c000:221"),
      ("1:2:3:4:5:6:1.2.3.4", 0x0001_0002_0003_0004, 0x0005_0006_0102_0304, "1:2:3:4:5:6:102:304"),
      ("::1.2.3.4", 0, 0x0102_0304, "::102:304"),
      ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .max, .max, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ] as [(String, UInt64, UInt64, String)]
  )
  func ipv6(text: String, high: UInt64, low: UInt64, written: String) {
    let address = IPv6Address(text)
    #expect(address == IPv6Address(high: high, low: low))
    #expect(address?.description == written)
    #expect(IPv6Address(written) == address)
  }

  @Test(
    "What isn't an IPv6 address is refused",
    arguments: [
      "", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", ":1:2:3:4:5:6:7:8", ":1::",
      "1:", "::1:", "1::2::3", "1:::2", "12345::", "g::", "::1%eth0", "[::1]", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3",
      "::1.2.3.4.5", "::1.2.3.256", "::01.2.3.4", "::1.2.3.04", "::1.2.3.4:5", "::a.2.3.4", "::1.b.3.4", "1.2.3.4",
      "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "::1.", "::.1.2.3", "0x1::", "::1 ",
    ]
  )
  func notIPv6(text: String) {
    #expect(IPv6Address(text) == nil)
  }

  @Test("Any address is read back from what it was written as")
  func roundTrips() {
    for seed in 0..<2000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      // Zero groups are what the short form is about, so they are common here.
      let mask = random.next() & random.next()
      let groups = (0..<8).map {
        mask >> UInt64($0) & 1 == 0 ? 0 : UInt64(UInt16.random(in: 0...0xFFF, using: &random))
      }
      let address = IPv6Address(
        high: groups[0] << 48 | groups[1] << 32 | groups[2] << 16 | groups[3],
        low: groups[4] << 48 | groups[5] << 32 | groups[6] << 16 | groups[7]
      )
      #expect(IPv6Address(address.description) == address, "seed \(seed)")
      #expect(IPAddress(address.description) == .v6(address))
      let v4 = IPv4Address(rawValue: UInt32(truncatingIfNeeded: random.next()))
      #expect(IPAddress(v4.description) == .v4(v4), "seed \(seed)")
    }
  }

  @Test("A prefix of any length contains what agrees with it that far")
  func prefixes() {
    let v4 = IPv4Address(10, 1, 2, 3)
    let v6 = IPv6Address(high: 0x2001_0DB8_0000_0001, low: 5)
    for length in 0...32 {
      for bit in 0..<32 {
        let other = IPv4Address(rawValue: v4.rawValue ^ 1 << UInt32(31 - bit))
        #expect(other.isIn(v4, prefixLength: length) == (bit >= length))
      }
      #expect(v4.isIn(v4, prefixLength: length))
    }
    for length in 0...128 {
      for bit in 0..<128 {
        var other = v6
        if bit < 64 { other.high ^= 1 << UInt64(63 - bit) } else { other.low ^= 1 << UInt64(127 - bit) }
        #expect(other.isIn(v6, prefixLength: length) == (bit >= length))
      }
    }
    #expect(v4.isIn(IPv4Address(9, 9, 9, 9), prefixLength: -1))
    #expect(!v4.isIn(IPv4Address(9, 9, 9, 9), prefixLength: 1000))
    #expect(!v6.isIn(.loopback, prefixLength: 1000))
  }

  @Test("Addresses know what they stand for")
  func kinds() throws {
    #expect(IPAddress.v4(IPv4Address(127, 9, 9, 9)).isLoopback)
    #expect(IPAddress.v4(IPv4Address(224, 0, 0, 1)).isMulticast)
    #expect(IPAddress.v4(IPv4Address(239, 255, 255, 255)).isMulticast)
    #expect(!IPAddress.v4(IPv4Address(240, 0, 0, 0)).isMulticast)
    #expect(IPAddress.v4(.unspecified).isUnspecified)
    #expect(IPv4Address(169, 254, 1, 1).isLinkLocal)
    #expect(IPAddress.v6(.unspecified).isUnspecified)
    #expect(IPAddress.v6(.loopback).isLoopback)
    #expect(IPAddress.v6(.allNodes).isMulticast)
    #expect(try #require(IPv6Address("fe80::1")).isLinkLocal)
    #expect(try #require(IPv6Address("febf::1")).isLinkLocal)
    #expect(!(try #require(IPv6Address("fec0::1")).isLinkLocal))
    #expect(IPv6Address(mapping: IPv4Address(1, 2, 3, 4)).mapped == IPv4Address(1, 2, 3, 4))
    #expect(IPv6Address.loopback.mapped == nil)
    #expect(IPAddress.v4(IPv4Address(1, 2, 3, 4)).asIPv6 == IPv6Address(mapping: IPv4Address(1, 2, 3, 4)))
  }
}
