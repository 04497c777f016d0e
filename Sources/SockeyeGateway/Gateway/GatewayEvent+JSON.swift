internal import NIOCore
internal import SockeyeText
internal import SockeyeTransport

extension GatewayEvent {
  /// The event as one line of JSON, without its end: what `--log` writes. Fields may be added over time but never change.
  public var line: String {
    var json = JSONLine(event: event)
    switch self {
    case .asked(let record):
      json.add("name", record.name)
      json.add("type", record.type)
      record.answer.add(to: &json)
    case .refused(let flow, let reason):
      flow.add(to: &json)
      reason.add(to: &json)
    case .opened(let flow):
      flow.add(to: &json)
    case .failed(let flow, let failure):
      flow.add(to: &json)
      json.add("cause", failure.text)
    case .closed(let record):
      record.flow.add(to: &json)
      json.add("seconds", seconds: .nanoseconds(record.duration.nanoseconds))
      json.add("sent", record.bytesSent)
      json.add("received", record.bytesReceived)
      if let time = record.roundTripTime { json.add("rtt_us", time.nanoseconds / 1000) }
      json.add("retransmissions", record.retransmissions)
      json.add("cause", record.cause.text)
    case .datagramsEnded(let record):
      record.flow.add(to: &json)
      json.add("seconds", seconds: .nanoseconds(record.duration.nanoseconds))
      json.add("sent", record.bytesSent)
      json.add("received", record.bytesReceived)
    }
    return json.line
  }

  private var event: String {
    switch self {
    case .asked: "name"
    case .refused: "refused"
    case .opened: "opened"
    case .failed: "failed"
    case .closed: "closed"
    case .datagramsEnded: "ended"
    }
  }
}

extension GatewayFlow {
  fileprivate func add(to json: inout JSONLine) {
    let carried =
      switch carrier {
      case .stream: "tcp"
      case .datagrams: "udp"
      case .echoes: "icmp"
      }
    json.add("protocol", carried)
    json.add("from", source.text)
    json.add("to", destination.text)
    if let name { json.add("name", name) }
    guard let process else { return }
    json.add("pid", process.number)
    json.add("command", process.command)
  }
}

extension RefusalReason {
  fileprivate func add(to json: inout JSONLine) {
    switch self {
    case .closedByDefault: json.add("reason", "closed")
    case .denied(let rule):
      json.add("reason", "denied")
      json.add("rule", rule)
    case .notAllowed: json.add("reason", "not-allowed")
    case .closedUnlessNamed: json.add("reason", "private")
    case .tooMany: json.add("reason", "too-many")
    case .offline: json.add("reason", "offline")
    }
  }
}

extension NameRecord.Answer {
  fileprivate func add(to json: inout JSONLine) {
    switch self {
    case .addresses(let addresses): json.add("addresses", addresses)
    case .failed(let code): json.add("code", code)
    case .refused(let reason): reason.add(to: &json)
    case .none: json.add("reason", "no-answer")
    }
  }
}

extension OpeningFailure {
  fileprivate var text: String {
    switch self {
    case .refused: "refused"
    case .networkUnreachable: "network-unreachable"
    case .hostUnreachable: "host-unreachable"
    case .prohibited: "prohibited"
    case .timedOut: "timed-out"
    case .noRoom: "no-room"
    case .other(let number): "error-\(number)"
    }
  }
}

extension StreamRecord.Cause {
  fileprivate var text: String {
    switch self {
    case .finished: "finished"
    case .childFailed: "child-failed"
    case .destinationFailed: "destination-failed"
    case .childGaveUp: "child-gave-up"
    case .expired: "expired"
    }
  }
}
