internal import CSockeyeLinux
internal import Glibc

/// A question or an order to the kernel about the network interface of a name (`struct ifreq`; netdevice(7)).
struct InterfaceRequest {
  private var request = ifreq()

  /// A request about `name`, of which 15 bytes count.
  init(name: String) {
    withUnsafeMutableBytes(of: &request.ifr_ifrn.ifrn_name) { room in
      room.copyBytes(from: name.utf8.prefix(room.count - 1))
    }
  }

  /// Bits of the interface: IFF_UP, or of a TUN device IFF_TUN and its kin.
  var flags: Int32 {
    get { Int32(request.ifr_ifru.ifru_flags) }
    set { request.ifr_ifru.ifru_flags = Int16(truncatingIfNeeded: newValue) }
  }

  /// Bytes of the largest packet.
  var maximumTransmissionUnit: Int32 {
    get { request.ifr_ifru.ifru_mtu }
    set { request.ifr_ifru.ifru_mtu = newValue }
  }

  /// Makes the request. Returns whether the kernel did it; `errno` tells why not.
  mutating func perform(_ request: UInt, on descriptor: Int32) -> Bool {
    ioctl(descriptor, request, &self.request) == 0
  }
}

/// What is to be done with network interfaces of any kind.
enum NetworkInterface {
  /// Brings an interface up, and gives it that MTU, or leaves the one it has.
  ///
  /// What is as it should be is left alone: whose device it is may use it, but only an administrator may change it.
  ///
  /// - Returns: the interface's MTU, in bytes.
  static func bringUp(_ name: String, maximumTransmissionUnit wanted: Int32?) throws(LinkError) -> Int {
    let attempt = "cannot bring the TUN device \(name) up"
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw LinkError(attempt) }
    defer { close(descriptor) }

    var size = InterfaceRequest(name: name)
    guard size.perform(UInt(SIOCGIFMTU), on: descriptor) else { throw LinkError(attempt) }
    if let wanted, wanted != size.maximumTransmissionUnit {
      size.maximumTransmissionUnit = wanted
      guard size.perform(UInt(SIOCSIFMTU), on: descriptor) else { throw LinkError(attempt) }
    }
    var state = InterfaceRequest(name: name)
    let up = Int32(IFF_UP)
    guard state.perform(UInt(SIOCGIFFLAGS), on: descriptor) else { throw LinkError(attempt) }
    if state.flags & up == 0 {
      state.flags |= up
      guard state.perform(UInt(SIOCSIFFLAGS), on: descriptor) else { throw LinkError(attempt) }
    }
    return Int(size.maximumTransmissionUnit)
  }
}
