internal import NIOCore
internal import SockeyeTalk
internal import SockeyeTransport

/// What the settings come to for SockeyeTalk.
extension SessionSettings {
  private var conversation: ConversationConfiguration {
    var result = ConversationConfiguration()
    result.composer.encoding = encoding
    result.composer.framing = sendFraming
    result.idleTimeout = idle
    result.onInputEnd = .hold
    // A forwarder ends on one side what has ended on the other, and nothing before.
    result.onPeerEnd = peerEnd == .hold || kind == .forwarder ? .hold : .exit
    result.isDirected = true
    result.tls = tls
    result.handshakeLimit = connectTimeout
    // What a forwarder says it has heard, and told of, already.
    result.reportsSent = kind != .forwarder
    return result
  }

  /// What is put around messages; datagrams need nothing.
  var sendFraming: Framing { kind.isDatagram ? .raw : framing }

  /// How a forwarder connects to whom it forwards to.
  var upstream: ClientConfiguration {
    var result = ClientConfiguration()
    result.conversation = conversation
    result.connect.timeout = connectTimeout
    return result
  }

  var client: ClientConfiguration {
    var result = ClientConfiguration()
    result.conversation = conversation
    result.connect.timeout = connectTimeout
    result.connect.localEndpoint = local
    return result
  }

  var server: ServerConfiguration {
    var result = ServerConfiguration()
    result.conversation = conversation
    result.isDatagram = kind.isDatagram
    result.maximumDatagramPeers = 4096
    result.datagrams = datagrams
    return result
  }

  private var datagrams: DatagramOptions {
    var result = DatagramOptions()
    result.broadcast = broadcast
    result.multicastTimeToLive = timeToLive
    result.multicastInterface = interface
    result.multicastLoopback = loopback
    if let group {
      result.multicastGroups = [group]
      // Several programs of a machine may listen to one group.
      result.reusePort = true
    }
    return result
  }

  /// Where a server listens, or datagrams are received.
  var place: Endpoint {
    switch kind {
    case .multicast:
      let isVersion4 = group?.protocol == .inet
      return local ?? Endpoint(location: .network(host: isVersion4 ? "0.0.0.0" : "::", port: remote?.port ?? 0))
    case .udp: return local ?? Endpoint(location: .network(host: nil, port: 0))
    default: return local ?? Endpoint(location: .network(host: "127.0.0.1", port: 0))
    }
  }

  /// Whom datagrams go to from the beginning.
  var firstPeer: Endpoint? { kind.isDatagram ? remote : nil }
}
