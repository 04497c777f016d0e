internal import SockeyeWire

/// A file inside, and what it holds.
struct ChildFile: Hashable {
  let path: String
  let content: String
}

/// What a command finds in files about its network.
enum ChildFiles {
  /// What stands over the machine's own: the gateway is asked for every name but those of the command's own loopback, and
  /// none is asked of a service of the machine's, which its sockets would lead to past the gateway.
  static func covers(for network: ChildNetwork?, hostName: String) -> [ChildFile] {
    [
      ChildFile(path: "/etc/resolv.conf", content: resolverConfiguration(for: network)),
      ChildFile(path: "/etc/hosts", content: hosts(hostName)),
      ChildFile(path: "/run/systemd/resolve/io.systemd.Resolve", content: ""),
      ChildFile(path: "/run/nscd/socket", content: ""),
    ]
  }

  private static func resolverConfiguration(for network: ChildNetwork?) -> String {
    guard let network else { return "" }
    let gateways = network.addresses
    let servers: [IPAddress] = [.v4(gateways.gateway4)] + (network.hasIPv6 ? [.v6(gateways.gateway6)] : [])
    return servers.map { "nameserver \($0)\n" }.joined()
  }

  private static func hosts(_ hostName: String) -> String {
    let own = hostName.isEmpty || hostName == "localhost" ? "" : "127.0.0.1 \(hostName)\n"
    return "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n\(own)"
  }

  /// What the kernel is told: whoever is in the namespaces may send echo requests, and serve on any port.
  ///
  /// - Parameter groups: The first and the last group that there is inside.
  static func settings(groups: ClosedRange<UInt32>) -> [ChildFile] {
    [
      ChildFile(path: "/proc/sys/net/ipv4/ping_group_range", content: "\(groups.lowerBound) \(groups.upperBound)"),
      ChildFile(path: "/proc/sys/net/ipv4/ip_unprivileged_port_start", content: "0"),
    ]
  }
}
