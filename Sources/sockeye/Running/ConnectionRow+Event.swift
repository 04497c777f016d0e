import NIOCore
import SockeyeGateway
import SockeyeText
import SockeyeTransport

extension ConnectionRow {
  /// The row of an event; none for one that isn't an end.
  init?(_ event: GatewayEvent) {
    switch event {
    case .asked, .opened: return nil
    case .closed(let record):
      let passage = Passage(
        bytesSent: record.bytesSent,
        bytesReceived: record.bytesReceived,
        duration: .nanoseconds(record.duration.nanoseconds),
        roundTripTime: record.roundTripTime.map { .nanoseconds($0.nanoseconds) },
        retransmissions: record.retransmissions
      )
      self.init(record.flow, passage: passage, end: record.cause.phrase)
    case .datagramsEnded(let record):
      let passage = Passage(
        bytesSent: record.bytesSent,
        bytesReceived: record.bytesReceived,
        duration: .nanoseconds(record.duration.nanoseconds)
      )
      self.init(record.flow, passage: passage, end: Phrase("quiet", zh: "不再有数据报"))
    case .failed(let flow, let failure):
      self.init(flow, passage: nil, end: failure.phrase)
    case .refused(let flow, let reason):
      self.init(flow, passage: nil, end: reason.phrase)
    }
  }

  private init(_ flow: GatewayFlow, passage: Passage?, end: Phrase) {
    let process = flow.process.map { "\($0.command) \($0.number)" }
    self.init(process: process, destination: Self.destination(flow), passage: passage, end: end)
  }

  private static func destination(_ flow: GatewayFlow) -> String {
    let address = flow.destination.text
    let carrier =
      switch flow.carrier {
      case .stream: ""
      case .datagrams: "udp://"
      case .echoes: "ping "
      }
    return carrier + (flow.name.map { "\($0) (\(address))" } ?? address)
  }
}

extension StreamRecord.Cause {
  /// Why a connection ended.
  var phrase: Phrase {
    switch self {
    case .finished: Phrase("finished", zh: "正常结束")
    case .childFailed: Phrase("reset by the command", zh: "被命令重置")
    case .destinationFailed: Phrase("reset by the destination", zh: "被目的地重置")
    case .childGaveUp: Phrase("given up by the command", zh: "命令已放弃")
    case .expired: Phrase("half-closed too long", zh: "半关闭太久")
    }
  }
}

extension OpeningFailure {
  /// Why a connection was never open.
  var phrase: Phrase {
    switch self {
    case .refused: Phrase("refused", zh: "被拒绝")
    case .networkUnreachable: Phrase("no way there", zh: "网络不可达")
    case .hostUnreachable: Phrase("unreachable", zh: "主机不可达")
    case .prohibited: Phrase("prohibited on the way", zh: "途中被禁止")
    case .timedOut: Phrase("no answer", zh: "没有应答")
    case .noRoom: Phrase("no descriptors or ports left", zh: "描述符或端口已用尽")
    case .other(let number): Phrase("failed (errno \(number))", zh: "失败（errno \(number)）")
    }
  }
}

extension RefusalReason {
  /// Why a connection was turned away.
  var phrase: Phrase {
    switch self {
    case .closedByDefault: Phrase("closed: the machine itself", zh: "关闭：本机自身")
    case .denied(let rule): Phrase("denied by \(rule)", zh: "被 \(rule) 拒绝")
    case .notAllowed: Phrase("not allowed", zh: "不允许")
    case .closedUnlessNamed: Phrase("not allowed: private; give its address", zh: "不允许：私有地址；请写明地址")
    case .tooMany: Phrase("too many at a time", zh: "同时太多")
    case .offline: Phrase("offline", zh: "离线")
    }
  }
}
