internal import SockeyeSimulator
internal import SockeyeTCP
import SockeyeText

extension Scenario {
  /// How connections begin, or don't.
  static let openings: [Scenario] = [
    Scenario(
      "handshake",
      Phrase("Three segments open a connection", zh: "三次握手建立连接"),
      Phrase(
        "Each side tells the other where its sequence numbers start (SYN, seq x and seq y) and acknowledges the other's start by the number after it. After three segments both know that both have heard.",
        zh: "双方各自告知自己的初始序号（SYN，seq x 与 seq y），并以对方序号加一来确认。三个报文段之后，双方都知道彼此已经听到。"
      )
    ) { _ in },
    Scenario(
      "lost-syn",
      Phrase("The first SYN is lost", zh: "第一个 SYN 丢失"),
      Phrase(
        "Nobody answers, so the client sends its SYN again after a second: without a measured round trip, that is how long it waits (RFC 6298, section 2.1).",
        zh: "没有人回答，客户端在一秒后重发 SYN：尚未测得往返时间时，初始超时就是一秒（RFC 6298 第 2.1 节）。"
      )
    ) { $0.outbound.lostPackets = [1] },
    Scenario(
      "lost-syn-ack",
      Phrase("The answer to the SYN is lost", zh: "SYN,ACK 丢失"),
      Phrase(
        "The client can't know whether its SYN or the answer was lost, and sends the SYN again. The server, in SYN-RECEIVED, repeats its answer.",
        zh: "客户端无法知道丢失的是 SYN 还是回答，于是重发 SYN；处于 SYN-RECEIVED 的服务器重复它的回答。"
      )
    ) { $0.inbound.lostPackets = [1] },
    Scenario(
      "refused",
      Phrase("Nobody listens on the port", zh: "端口上没有程序在监听"),
      Phrase(
        "A host answers a SYN for a closed port with a reset that acknowledges it: connection refused. One round trip, and no waiting.",
        zh: "主机用一个确认该 SYN 的复位报文回答：连接被拒绝。只需一个往返，无需等待。"
      )
    ) { $0.server.listens = false },
    Scenario(
      "simultaneous-open",
      Phrase("Both sides open at once", zh: "双方同时打开"),
      Phrase(
        "Two SYNs cross on the way. Both sides go through SYN-RECEIVED, and one connection comes of it, not two (RFC 9293, section 3.5, figure 8).",
        zh: "两个 SYN 在途中相遇。双方都经过 SYN-RECEIVED，结果是一个连接而不是两个（RFC 9293 第 3.5 节图 8）。"
      )
    ) { $0.server.opensAt = .zero },
    Scenario(
      "reset",
      Phrase("The server breaks the connection off", zh: "服务器中断连接"),
      Phrase(
        "A reset ends both directions at once: there is no FIN, nothing is acknowledged, and there is no TIME-WAIT. What was under way is lost.",
        zh: "复位立即结束两个方向：没有 FIN，没有确认，也没有 TIME-WAIT。途中的数据丢失。"
      )
    ) {
      $0.client.application = .sending(3_000, then: .never)
      $0.server.application.ending = .abortAfterReading(1)
    },
  ]
}
