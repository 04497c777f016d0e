internal import SockeyeSimulator
internal import SockeyeTCP
import SockeyeText

extension Scenario {
  /// How connections end.
  static let closings: [Scenario] = [
    Scenario(
      "close",
      Phrase("Four segments close a connection", zh: "四次挥手关闭连接"),
      Phrase(
        "Each direction is closed by itself: a FIN says that no more data follows, an ACK that this was heard. Who closed first waits in TIME-WAIT for twice the maximum segment lifetime, in case its last ACK is lost.",
        zh: "每个方向单独关闭：FIN 表示不再有数据，ACK 表示已经知道。先关闭的一方在 TIME-WAIT 中等待两倍的最长报文段寿命（2MSL），以防最后的 ACK 丢失。"
      )
    ) {
      $0.client.application.ending = .closeWhenWritten
      $0.client.application.endingDelay = .milliseconds(100)
      $0.server.application.ending = .closeAfterPeer
      $0.server.application.endingDelay = .milliseconds(30)
    },
    Scenario(
      "half-close",
      Phrase("One side has no more to say; the other goes on", zh: "半关闭：一方说完，另一方继续"),
      Phrase(
        "After the client's FIN its direction is closed, and it is in FIN-WAIT-2. The server, in CLOSE-WAIT, still sends all that it has. None of it may be lost.",
        zh: "客户端发出 FIN 之后，它的方向关闭，进入 FIN-WAIT-2。处于 CLOSE-WAIT 的服务器仍把剩下的数据全部发完，一个字节也不能丢。"
      )
    ) {
      $0.client.application = .sending(100, then: .closeWhenWritten)
      $0.client.application.endingDelay = .milliseconds(50)
      $0.server.application = .sending(3_000, then: .closeAfterPeer)
      $0.server.application.writeSize = 1_000
      $0.server.application.writeInterval = .milliseconds(40)
    },
    Scenario(
      "simultaneous-close",
      Phrase("Both sides close at once", zh: "双方同时关闭"),
      Phrase(
        "Two FINs cross on the way. Both sides go through CLOSING, and both wait in TIME-WAIT.",
        zh: "两个 FIN 在途中相遇。双方都经过 CLOSING，并且都在 TIME-WAIT 中等待。"
      )
    ) {
      $0.client.application.ending = .closeWhenWritten
      $0.client.application.endingDelay = .milliseconds(80)
      $0.server.application.ending = .closeWhenWritten
      $0.server.application.endingDelay = .milliseconds(70)
    },
    Scenario(
      "time-wait",
      Phrase("The last ACK is lost, and TIME-WAIT answers", zh: "最后的 ACK 丢失，由 TIME-WAIT 补上"),
      Phrase(
        "The server doesn't hear that its FIN arrived, and sends it again. The client is still there to answer, because it waits: that is what TIME-WAIT is for. The answer starts the wait anew.",
        zh: "服务器没有听到对它的 FIN 的确认，于是重发。客户端仍在等待，所以还能回答：这正是 TIME-WAIT 的用处。回答之后重新开始等待。"
      )
    ) {
      $0.client.application.ending = .closeWhenWritten
      $0.client.application.endingDelay = .milliseconds(100)
      $0.server.application.ending = .closeAfterPeer
      $0.server.application.endingDelay = .milliseconds(30)
      $0.outbound.lostPackets = [4]
    },
    Scenario(
      "keep-alive",
      Phrase("A silent peer is asked whether it is there", zh: "保活：询问沉默的对方是否还在"),
      Phrase(
        "After ten seconds of silence the client repeats the sequence number before the next one, without data. Whoever is there must answer (RFC 9293, section 3.8.4). Then the link is cut, and after three questions without an answer the connection is given up.",
        zh: "沉默十秒之后，客户端重复下一个序号之前的序号，不带数据；对方若在就必须回答（RFC 9293 第 3.8.4 节）。随后链路中断，三次询问没有回答，连接被放弃。"
      )
    ) {
      $0.client.connection.keepAliveIdle = .seconds(10)
      $0.client.connection.keepAliveInterval = .seconds(5)
      $0.client.connection.keepAliveProbes = 3
      $0.outbound.outages = [.zero + .seconds(15)..<Instant.never]
      $0.duration = .seconds(60)
    },
  ]
}
