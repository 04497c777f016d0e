import SockeyeWire
import Testing

@testable import SockeyeGateway

@Suite("What a command's namespaces are told")
struct ChildTests {
  @Test("a caller without privileges maps itself, as itself or as root")
  func ownMap() {
    #expect(IdentityMap.own(1000, asRoot: false).text == "1000 1000 1\n")
    #expect(IdentityMap.own(1000, asRoot: true).text == "0 1000 1\n")
  }

  @Test("root maps everybody whom its own namespace knows, as themselves")
  func everybody() {
    #expect(IdentityMap.everybody(in: "         0          0 4294967295\n").text == "0 0 4294967295\n")
    #expect(IdentityMap.everybody(in: "0 100000 65536\n 65536 7 1\n").text == "0 0 65536\n65536 65536 1\n")
    #expect(IdentityMap.everybody(in: "0 0\nx y z\n0 0 -1\n").extents.isEmpty)
  }

  @Test("an interface is brought up with its MTU: rtnetlink(7), struct ifinfomsg")
  func link() {
    var requests = NetlinkRequests()
    requests.bringUp(100, maximumTransmissionUnit: 1500)
    #expect(
      requests.bytes
        == word(40) + half(16) + half(5) + word(0) + word(0)
        + word(0) + word(100) + word(1) + word(1)
        + half(8) + half(4) + word(1500)
    )
  }

  @Test("an address is given without a search for others that have it: struct ifaddrmsg")
  func address() throws {
    var requests = NetlinkRequests()
    requests.addAddress(.v4(IPv4Address(10, 0, 2, 15)), prefixLength: 24, to: 7)
    #expect(
      requests.bytes
        == word(40) + half(20) + half(0x605) + word(0) + word(0)
        + [2, 24, 2, 0] + word(7)
        + half(8) + half(2) + [10, 0, 2, 15]
        + half(8) + half(1) + [10, 0, 2, 15]
    )
    var six = NetlinkRequests()
    six.addAddress(try #require(IPAddress("fd00::15")), prefixLength: 64, to: 7)
    let octets: [UInt8] = [0xFD] + [UInt8](repeating: 0, count: 14) + [0x15]
    #expect(
      Array(six.bytes[16...]) == [10, 64, 2, 0] + word(7) + half(20) + half(2) + octets + half(20) + half(1) + octets
    )
  }

  @Test("what is for elsewhere goes to the gateway: struct rtmsg")
  func route() {
    var requests = NetlinkRequests()
    requests.addDefaultRoute(to: .v4(IPv4Address(10, 0, 2, 2)), over: 7)
    #expect(
      requests.bytes
        == word(44) + half(24) + half(0x605) + word(0) + word(0)
        + [2, 0, 0, 0, 254, 3, 0, 1] + word(0)
        + half(8) + half(5) + [10, 0, 2, 2]
        + half(8) + half(4) + word(7)
    )
  }

  @Test("a network with nothing on it has its loopback interface up")
  func offline() {
    var loopback = NetlinkRequests()
    loopback.bringUp(1)
    #expect(NetlinkRequests(nil, over: 100) == loopback)
    #expect(NetlinkRequests(optionalFor: nil, over: 100).bytes.isEmpty)
  }

  @Test("below 1280 bytes there is no IPv6 on a link")
  func smallPackets() {
    var network = ChildNetwork()
    network.maximumTransmissionUnit = 1279
    #expect(NetlinkRequests(optionalFor: network, over: 100).bytes.isEmpty)
    let servers = ChildFiles.covers(for: network, hostName: "").first { $0.path == "/etc/resolv.conf" }
    #expect(servers?.content.split(separator: "\n").count == 1)
    network.maximumTransmissionUnit = 1280
    #expect(!NetlinkRequests(optionalFor: network, over: 100).bytes.isEmpty)
  }

  @Test("the machine's own name is the command's loopback address")
  func hosts() {
    let hosts = ChildFiles.covers(for: nil, hostName: "workshop").first { $0.path == "/etc/hosts" }
    #expect(hosts?.content.contains("127.0.0.1 workshop\n") == true)
    let nameless = ChildFiles.covers(for: nil, hostName: "localhost").first { $0.path == "/etc/hosts" }
    #expect(nameless?.content.split(separator: "\n").count == 2)
  }

  @Test(
    "the setting that forbids namespaces is found",
    arguments: [
      ("kernel.unprivileged_userns_clone", "0\n", NamespaceObstacle.switchedOff),
      ("user.max_user_namespaces", "0\n", .noneAllowed),
      ("kernel.apparmor_restrict_unprivileged_userns", "1\n", .restrictedByAppArmor),
    ]
  )
  func obstacle(_ setting: String, _ value: String, _ obstacle: NamespaceObstacle) {
    #expect(NamespaceObstacle.among { $0 == setting ? value : nil } == obstacle)
    #expect(NamespaceObstacle.among { $0 == setting ? obstacle.remedy : nil } == nil)
  }

  private func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
  private func half(_ value: UInt16) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}
