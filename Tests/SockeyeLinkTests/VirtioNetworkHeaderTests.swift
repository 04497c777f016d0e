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

  @Test("Places are those in the packet, whatever stands between it and the header")
  func frames() {
    var raw = virtio_net_hdr()
    raw.flags = UInt8(VIRTIO_NET_HDR_F_NEEDS_CSUM)
    raw.gso_type = UInt8(VIRTIO_NET_HDR_GSO_TCPV4)
    raw.gso_size = 1448
    raw.csum_start = 34
    let header = withUnsafeBytes(of: raw) { VirtioNetworkHeader($0, frameHeaderLength: 14) }
    #expect(header.checksumStart == 20)
    #expect(packet(data: 14_480).withUnsafeBytes { header.segmentCount(of: $0) } == 10)
    raw.csum_start = 3
    #expect(withUnsafeBytes(of: raw) { VirtioNetworkHeader($0, frameHeaderLength: 14) }.checksumStart == 0)

    var transmission = Transmission(length: 52 + 2896)
    transmission.checksumStart = 20
    transmission.offload = 1448
    var written = [UInt8](repeating: 0xff, count: VirtioNetworkHeader.length)
    packet(data: 2896).withUnsafeBytes { packet in
      written.withUnsafeMutableBytes {
        VirtioNetworkHeader.write(transmission, packet: packet, frameHeaderLength: 14, to: $0)
      }
    }
    let result = written.withUnsafeBytes { $0.loadUnaligned(as: virtio_net_hdr.self) }
    #expect(result.csum_start == 34 && result.hdr_len == 66 && result.gso_size == 1448)
  }

  @Test("A frame's header says what follows it, and one that isn't IP is known", arguments: [4, 6])
  func pair(version: UInt8) {
    var header = [UInt8](repeating: 0, count: PairFrame.headerLength)
    [version << 4].withUnsafeBytes { packet in
      header.withUnsafeMutableBytes { PairFrame.writeHeader(before: packet, to: $0) }
    }
    #expect(header == [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2] + (version == 4 ? [0x08, 0x00] : [0x86, 0xdd]))
    #expect(header.withUnsafeBytes { PairFrame.carriesPacket($0) })
    header[13] = 0x06
    #expect(!header.withUnsafeBytes { PairFrame.carriesPacket($0) })
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
