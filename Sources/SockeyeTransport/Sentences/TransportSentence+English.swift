import SockeyeText

/// The sentences in English.
extension TransportSentence {
  var english: String {
    switch self {
    case .cannotAccept(let reason):
      "no connection can be accepted: \(reason.english); those that come wait (see 'ulimit -n')"
    case .programIsEnding: "the program is ending"
    case .localFamilyDiffers(let endpoint): "the local address is of another family than \(endpoint)"
    case .notHost(let text): "'\(text)' is not a host; write HOST PORT or HOST:PORT"
    case .badEndpoint: "an endpoint is HOST:PORT, HOST PORT, :PORT, PORT, unix:PATH, unix:@NAME or unixgram:PATH"
    case .badSocketPath(let text, let longest): "'\(text)': a socket's path has 1 to \(longest) bytes"
    case .badScheme(let text): "'\(text)': the scheme is one of tcp, udp and tls"
    case .openBracket(let text): "'\(text)': the bracket is not closed; write [ADDRESS]:PORT"
    case .badIPv6Endpoint(let text): "'\(text)': write an IPv6 endpoint as [ADDRESS]:PORT"
    case .missingPort(let text): "'\(text)' has no port; write HOST:PORT"
    case .badHost(let text, let host): "'\(text)': '\(host)' is not a host name or an address"
    case .badPort(let text, let port): "'\(text)': the port is a number from 0 to 65535, not '\(port)'"
    case .socketInUse(let path): "\(path) is in use by another server; use another path, or remove it"
    case .needsRights(let endpoint): "\(endpoint) needs more rights than this user has; use a port above 1023"
    case .notOwnAddress(let endpoint): "\(endpoint) is not an address of this machine; 'ip address' lists them"
    case .noFolder(let endpoint): "\(endpoint): there is no such folder; create it first"
    case .cannotListen(let endpoint, let reason): "cannot listen on \(endpoint): \(reason.english)"
    case .noAnswer(let endpoint, let limit):
      "no answer from \(endpoint) within \(limit); is it up, or behind a firewall?"
    case .noAnswerBecause(let endpoint, let limit, let details):
      "no answer from \(endpoint) within \(limit): \(details.english)"
    case .cannotWatch(let reason): "a socket can't be watched: \(reason.english); close some connections"
    case .cannotSendDatagrams(let address, let reason): "no datagrams can be sent to \(address): \(reason.english)"
    case .noThread(let reason): "no thread could be started: \(reason.english)"
    case .noMulticasts: "only the kernel's UDP has multicasts and broadcasts; leave --stack out"
    case .badLabel(let text, let host): "'\(text)' cannot be part of a host's name; check '\(host)'"
    case .noInterface(let name): "there is no interface '\(name)'; 'ip link' lists them"
    case .portInUseBy(let port, let name, let process):
      "port \(port) is in use (by \(name), pid \(process)); try another, or --reuse-port"
    case .portHasConnection(let port, let name, let process, let state):
      "port \(port) is in use: \(name), pid \(process), has a connection in \(state) there; end it, or try another port"
    case .portWaits(let port, let seconds):
      "port \(port) is in TIME-WAIT for \(seconds) s more: a server that closed first left it so; "
        + "wait, or let that server set SO_REUSEADDR before it binds (--reuse-port does not help)"
    case .localPortInUseBy(let port, let name, let process):
      "the local port \(port) is in use (by \(name), pid \(process)); --bind another, or the address alone"
    case .localPortInUse(let port): "the local port \(port) is in use; --bind another, or the address alone"
    case .localPortWaits(let port, let seconds):
      "the local port \(port) is in TIME-WAIT for \(seconds) s more: a connection from there was closed by this side "
        + "first; wait, or --bind another, or the address alone"
    case .localPortWasConnected(let port):
      "a connection from the local port \(port) to there exists already, or rests in TIME-WAIT; "
        + "--bind another port, or the address alone"
    case .localPortNeedsRights(let port):
      "to speak from port \(port) takes more rights than this user has; --bind a port above 1023"
    case .notOwnLocalAddress(let address):
      "\(address), to speak from, is not an address of this machine; 'ip address' lists them"
    case .portInUse(let port): "port \(port) is in use; try another, or --reuse-port"
    case .lookUpEnded: "the name could not be looked up: the program is ending"
    case .noNameServer(let name):
      "cannot resolve \(name.english): no name server answered; check the network and the name"
    case .noSuchHost(let name): "cannot resolve \(name.english): no such host; check the name"
    case .noIPv4(let name): "cannot resolve \(name.english): it has no IPv4 address; try without -4"
    case .noIPv6(let name): "cannot resolve \(name.english): it has no IPv6 address; try without -6"
    case .cannotResolve(let name, let reason): "cannot resolve \(name.english): \(reason)"
    case .notLookedUp(let name): "'\(name.english)' is not an address, and names are not looked up (-n)"
    case .socketPathTooLong(let path): "'\(path)' is too long for a socket's path; use a shorter one"
    case .cannotInherit(let descriptors, let reason): "cannot listen on inherited descriptors \(descriptors): \(reason)"
    case .portZero: "port 0 cannot be connected to; name the port of a listener"
    case .localFamilyIsOther: "the local address is of the other family"
    case .cannotConnect(let endpoint, let reason): "cannot connect to \(endpoint): \(reason)"
    case .datagramsNeedPort(let endpoint): "\(endpoint): datagrams need a host and a port other than 0"
    case .noInheritance: "only the kernel's TCP can take over sockets; leave --stack out"
    case .noUnixSockets: "only the kernel has Unix domain sockets; leave --stack out"
    case .badLocalEnd(let endpoint): "\(endpoint): the local end is an address, or an address and a port"
    case .noAddress(let endpoint): "cannot listen on \(endpoint): it has no address"
    case .cannotConnectTo(let endpoint, let details, let advice):
      "cannot connect to \(endpoint): \(details.english)\(advice.map { "; \($0.english)" } ?? "")"
    case .addressFailed(let address, let reason): "\(address): \(reason.english)"
    case .reasonAt(let reason, let address): "\(reason.english) (\(address))"
    case .refused: "refused"
    case .reset: "reset by the peer"
    case .unanswered: "no answer"
    case .unansweredInTime: "no answer in time"
    case .unreachable: "unreachable"
    case .noSuchSocket: "there is no such socket"
    case .lookUpTooSlow(let host): "looking up \(host.english) took too long; check the name server"
    case .lookUpFailed(let host, let reason): "\(host.english) could not be looked up: \(reason)"
    }
  }
}
