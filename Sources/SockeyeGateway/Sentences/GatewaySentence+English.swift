internal import SockeyeText

/// The sentences in English.
extension GatewaySentence {
  var english: String {
    switch self {
    case .noPath(let reason): "no path could be laid: \(reason)"
    case .cannotListenAtEnd(let reason): "cannot listen at the end of the path: \(reason)"
    case .cannotCross(let reason): "a connection could not cross the path: \(reason)"
    case .noTarget(let endpoint): "cannot resolve \(endpoint); check the name"
    case .badControlSocket(let endpoint): "\(endpoint): a control socket is unix:PATH"
    case .badTimetableLine(let number): "line \(number) of the timetable: write it as 'at 10s loss=5%'"
    case .badTimetableChange(let number, let problem): "line \(number) of the timetable: \(problem.english)"
    case .cannotChange(let text):
      "'\(text)': packets' impairments can change while it runs; mtu, reset, close and silence can't"
    case .faultTakesSize(let part, let key):
      "'\(part)': \(key) takes a size, such as 64KiB: how much of a stream passes before"
    case .badMTU(let part): "'\(part)': mtu is a number from 576 to 65535, and the same both ways"
    case .cannotBegin(let reason): "the gateway can't begin: \(reason)"
    case .badRule(let text): "'\(text)': a rule names a host, *.DOMAIN, an address, or a network as 192.0.2.0/24"
    case .badRulePorts(let text): "'\(text)': a port is a number from 1 to 65535, or two with a '-' between them"
    case .badPublishedPort(let text):
      "'\(text)': a published port is [ADDRESS:]PORT[:PORT][/udp], the machine's port first"
    case .wrongImpairment(let problem): "\(problem.english); see 'sockeye impair --help'"
    }
  }
}
