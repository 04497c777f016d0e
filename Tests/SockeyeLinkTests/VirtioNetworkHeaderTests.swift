import CSockeyeLinux
import SockeyeHost
import Testing

@testable import SockeyeLink

@Suite("Header of a device with offload")
struct VirtioNetworkHeaderTests {
  private func read(_ header: virtio_net_hdr) -> VirtioNetworkHeader {
    withUnsafeBytes(of: header) { VirtioNetworkHeader($0) }
  }

  /// An IPv4 packet with a TCP header of 32 bytes and so much data.
  private func packet(data count: Int) -> [UInt8] {
    var packet = [UInt8](repeating: 0, count: 52 + count)
    packet[0] = 0x45
    packet[32] = 0x80
    return packet
  }

  @Test("A header of zeros says nothing: one segment, whose checksum has to be verified")
  func plain() {
    let header = read(virtio_net_hdr())
    #expect(!header.checksumIsTrustworthy)
    #expect(packet(data: 5000).withUnsafeBytes { header.segmentCount(of: $0) } == 1)
  }

  @Test(
    "A super-segment counts as many segments as its data fills",
    arguments: [(0, 1), (1, 1), (1448, 1), (1449, 2), (14_480, 10)]
  )
  func segments(data: Int, count: Int) {
    var raw = virtio_net_hdr()
    raw.flags = UInt8(VIRTIO_NET_HDR_F_NEEDS_CSUM)
    raw.gso_type = UInt8(VIRTIO_NET_HDR_GSO_TCPV4)
    raw.gso_size = 1448
    raw.csum_start = 20
    let header = read(raw)
    #expect(header.checksumIsTrustworthy)
    #expect(packet(data: data).withUnsafeBytes { header.segmentCount(of: $0) } == count)
  }

  @Test("A header that points beyond its packet is one segment")
  func beyond() {
    var raw = virtio_net_hdr()
    raw.flags = UInt8(VIRTIO_NET_HDR_F_NEEDS_CSUM)
    raw.gso_type = UInt8(VIRTIO_NET_HDR_GSO_TCPV6)
    raw.gso_size = 1
    raw.csum_start = .max
    #expect(packet(data: 10).withUnsafeBytes { read(raw).segmentCount(of: $0) } == 1)
  }
}
