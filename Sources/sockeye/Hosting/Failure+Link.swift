import SockeyeLink
import SockeyeTransport

extension Failure {
  /// What a link's error means to whoever asked for it.
  init(_ error: LinkError) {
    switch error.subject {
    case .file: self.init(.localFile, "\(error); choose another place")
    case .device: self.init(.other, "\(error); \(Self.advice(error.number))")
    }
  }

  private static func advice(_ number: Int32) -> String {
    switch number {
    case 1, 13: "run as root, or with the capability CAP_NET_ADMIN; or see 'sockeye host --help'"
    case 2: "load the kernel's module tun"
    case 16: "another program has it; choose another name"
    case 22: "if it exists, make it with 'ip tuntap add NAME mode tun vnet_hdr', or go without offload"
    default: "see 'ip link'"
    }
  }
}
