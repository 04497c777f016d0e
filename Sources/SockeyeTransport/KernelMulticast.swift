import NIOCore
import NIOPosix

/// Sets a kernel socket up for multicast: the groups that it hears, and how what it says travels.
enum KernelMulticast {
  static func setUp(
    _ channel: any Channel,
    family: NIOBSDSocket.ProtocolFamily,
    options: DatagramOptions
  ) -> EventLoopFuture<Void> {
    let eventLoop = channel.eventLoop
    var device: NIONetworkDevice?
    if let name = options.multicastInterface {
      let candidates = (try? System.enumerateDevices())?.filter { $0.name == name } ?? []
      guard let found = candidates.first(where: { $0.address?.protocol == family }) ?? candidates.first else {
        return eventLoop.makeFailedFuture(Failure(.usage, .noInterface(name)))
      }
      device = found
    }

    var steps: [EventLoopFuture<Void>] = []
    switch family {
    case .inet:
      if let limit = options.multicastTimeToLive {
        steps.append(channel.setOption(.ipOption(.ip_multicast_ttl), value: .init(clamping: limit)))
      }
      if let loopback = options.multicastLoopback {
        steps.append(channel.setOption(.ipOption(.ip_multicast_loop), value: loopback ? 1 : 0))
      }
      if let device, let address = networkOrderAddress(of: device),
        let provider = channel as? any SocketOptionProvider
      {
        steps.append(provider.unsafeSetSocketOption(level: .ip, name: .ip_multicast_if, value: address))
      }
    case .inet6:
      if let limit = options.multicastTimeToLive {
        steps.append(channel.setOption(KernelSocketOption.multicastHops, value: .init(clamping: limit)))
      }
      if let loopback = options.multicastLoopback {
        steps.append(channel.setOption(KernelSocketOption.multicastLoopback, value: loopback ? 1 : 0))
      }
      if let device {
        steps.append(
          channel.setOption(KernelSocketOption.multicastInterface, value: .init(clamping: device.interfaceIndex))
        )
      }
    default: break
    }

    if let multicast = channel as? any MulticastChannel {
      for group in options.multicastGroups where group.protocol == family {
        let joined = eventLoop.makePromise(of: Void.self)
        multicast.joinGroup(group, device: device, promise: joined)
        steps.append(joined.futureResult)
      }
    }
    return EventLoopFuture.andAllSucceed(steps, on: eventLoop)
  }

  /// The four bytes of a device's IPv4 address as they stand in `struct in_addr`.
  private static func networkOrderAddress(of device: NIONetworkDevice) -> UInt32? {
    guard case .v4? = device.address,
      let bytes = device.address?.ipAddress?.split(separator: ".").compactMap({ UInt8($0) }),
      bytes.count == 4
    else { return nil }
    return UInt32(bigEndian: bytes.reduce(0) { $0 << 8 | UInt32($1) })
  }
}
