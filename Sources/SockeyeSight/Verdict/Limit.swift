public import SockeyeText

/// What can keep a transfer from going faster.
public enum Limit: String, CaseIterable, Hashable, Sendable {
  /// The sending program had nothing more to send.
  case application
  /// The receiver offered no more room: its buffer is small, or its program reads slowly.
  case receiveWindow = "receiver-window"
  /// The sender kept no more in flight although nothing else forbade it: its send buffer is small.
  case sendBuffer = "sender-buffer"
  /// Segments were lost, and the congestion window is small because of it.
  case loss
  /// The path carries no more: segments wait in its queue.
  case bottleneck
  /// A small segment waits for an acknowledgment (Nagle), and the acknowledgment waits for company.
  case delayedAcknowledgment = "delayed-ack"
  /// The congestion window was still growing, and nothing had been lost.
  case slowStart = "slow-start"
  /// The connection was being opened.
  case opening

  /// What held the transfer up and what could be done, in a sentence.
  public var phrase: Phrase {
    switch self {
    case .application:
      Phrase(
        "The sending program had nothing more to send: the network and the receiver were waiting for it.",
        zh: "发送程序没有更多数据可发：网络和接收方都在等它。"
      )
    case .receiveWindow:
      Phrase(
        "The receiver's window was full: its program reads slowly, or its receive buffer is smaller than the path holds.",
        zh: "接收方的窗口已满：它的程序读得慢，或者接收缓冲区小于路径能容纳的数据量。"
      )
    case .sendBuffer:
      Phrase(
        "The sender kept no more in flight although nothing else forbade it: its send buffer is smaller than the path holds.",
        zh: "没有别的限制，发送方在途的数据却不再增加：发送缓冲区小于路径能容纳的数据量。"
      )
    case .loss:
      Phrase(
        "Segments were lost without a queue before them, and the congestion window stayed small because of it.",
        zh: "报文段在没有排队的情况下丢失，拥塞窗口因此一直很小。"
      )
    case .bottleneck:
      Phrase(
        "The path carries no more: segments waited in the queue before its slowest link.",
        zh: "路径已经满载：报文段在最慢的链路之前排队。"
      )
    case .delayedAcknowledgment:
      Phrase(
        "A small segment waited for an acknowledgment (Nagle) that waited for company (delayed ACK). Write more at once, or set TCP_NODELAY.",
        zh: "小报文段在等确认（Nagle 算法），而确认又在等同伴（延迟确认）。请一次多写一些，或设置 TCP_NODELAY。"
      )
    case .slowStart:
      Phrase(
        "The congestion window was still growing: the transfer was too short to learn what the path carries.",
        zh: "拥塞窗口还在增长：传输太短，来不及了解路径能承载多少。"
      )
    case .opening: Phrase("The connection was being opened.", zh: "连接正在建立。")
    }
  }

  /// Its name in few words.
  public var title: Phrase {
    switch self {
    case .application: Phrase("the application", zh: "应用程序")
    case .receiveWindow: Phrase("the receiver's window", zh: "接收方的窗口")
    case .sendBuffer: Phrase("the sender's buffer", zh: "发送方的缓冲区")
    case .loss: Phrase("the congestion window after loss", zh: "丢失之后的拥塞窗口")
    case .bottleneck: Phrase("the bottleneck", zh: "瓶颈链路")
    case .delayedAcknowledgment: Phrase("delayed ACK against Nagle", zh: "延迟确认与 Nagle 算法")
    case .slowStart: Phrase("slow start", zh: "慢启动")
    case .opening: Phrase("the handshake", zh: "握手")
    }
  }
}
