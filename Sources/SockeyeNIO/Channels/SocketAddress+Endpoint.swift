internal import Glibc
package import NIOCore
package import SockeyeHost
internal import SockeyeWire

extension SocketAddress {
  /// The address and port as NIO has them.
  package init(_ endpoint: Endpoint) {
    var packed = ByteBuffer()
    switch endpoint.address {
    case .v4(let address): packed.writeInteger(address.rawValue)
    case .v6(let address): packed.writeMultipleIntegers(address.high, address.low)
    }
    do {
      self = try SocketAddress(packedIPAddress: packed, port: Int(endpoint.port))
    } catch {
      preconditionFailure("four or sixteen bytes are an address")
    }
  }
}

extension Endpoint {
  /// The address and port that a host can use.
  ///
  /// - Throws: an `IOError` of EAFNOSUPPORT for a Unix domain socket, which is no network address.
  package init(_ address: SocketAddress) throws {
    // Both kinds of address have the port, and then IPv6 its flow, at the same place (ip(7), ipv6(7)).
    self = try address.withSockAddr { pointer, length in
      let bytes = UnsafeRawBufferPointer(start: pointer, count: length)
      switch address {
      case .v4:
        let port = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        let value = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        return Endpoint(.v4(IPv4Address(rawValue: value)), port: port)
      case .v6:
        let port = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        let high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        return Endpoint(.v6(IPv6Address(high: high, low: low)), port: port)
      case .unixDomainSocket:
        throw IOError(errnoCode: EAFNOSUPPORT, reason: "only the kernel has Unix domain sockets")
      }
    }
  }

  var family: AddressFamily { address.isIPv4 ? .v4 : .v6 }
}
