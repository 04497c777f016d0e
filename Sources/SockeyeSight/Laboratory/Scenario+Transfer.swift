internal import SockeyeSimulator
internal import SockeyeTCP
import SockeyeText

extension Scenario {
  /// How data gets through.
  static let transfers: [Scenario] = [
    Scenario(
      "slow-start",
      Phrase("The congestion window grows from ten segments", zh: "慢启动：拥塞窗口从十个报文段开始增长"),
      Phrase(
        "The sender doesn't know the path, begins with ten segments, and may send two more for each that is acknowledged: twice as many each round trip (RFC 5681, 6928).",
        zh: "发送方还不了解路径，先发十个报文段；每确认一个就可以多发一个，每个往返翻一倍（RFC 5681、6928）。"
      ),
      delay: .milliseconds(50)
    ) { $0.client.application = .sending(60_000, then: .never) },
    Scenario(
      "fast-retransmit",
      Phrase("A segment is lost in the middle, and is sent again at once", zh: "快速重传：中间丢失一个报文段"),
      Phrase(
        "The segments behind the lost one make the receiver repeat its acknowledgment, with SACK blocks that say what has come. The sender sees what is missing and doesn't wait for its timer.",
        zh: "丢失段之后的报文段使接收方重复确认，并用 SACK 块说明已收到什么。发送方看出缺少哪一段，不必等待定时器。"
      )
    ) {
      $0.client.application = .sending(14_480, then: .never)
      $0.outbound.lostPackets = [5]
    },
    Scenario(
      "timeout",
      Phrase("Nothing comes back, and a timer has to notice", zh: "超时：没有任何回音，只能靠定时器"),
      Phrase(
        "The only segment is lost, so no acknowledgment can tell. A probe (RFC 8985, section 7) comes first; it is lost too. Then the retransmission timer expires, and each further time it waits twice as long.",
        zh: "唯一的报文段丢失了，没有确认可以说明这一点。先发出尾部探测（RFC 8985 第 7 节），它也丢失；然后重传定时器到期，此后每次等待时间加倍。"
      )
    ) {
      $0.client.application = .sending(1_000, then: .never)
      $0.outbound.lostPackets = [2, 3, 4]
    },
    Scenario(
      "reordering",
      Phrase("A segment is overtaken on the way", zh: "乱序：一个报文段在途中被超过"),
      Phrase(
        "The receiver says by SACK that later data came first. The sender waits a moment before it takes the segment for lost (RFC 8985), and sends nothing twice.",
        zh: "接收方用 SACK 说明后面的数据先到。发送方稍等片刻才认为报文段丢失（RFC 8985），因此没有多余的重传。"
      ),
      delay: .milliseconds(40)
    ) {
      $0.client.application = .sending(8_000, then: .never)
      $0.outbound.delayedPackets = [4]
      $0.outbound.reorderingDelay = .milliseconds(2)
    },
    Scenario(
      "nagle",
      Phrase("Small writes wait for each other", zh: "Nagle 算法：小数据相互等待"),
      Phrase(
        "The program writes 10 bytes every 5 ms. The first go at once; while they are unacknowledged the others are gathered and go together (RFC 9293, section 3.7.4).",
        zh: "程序每 5 毫秒写 10 个字节。第一批立即发出；在它被确认之前，其余的被攒在一起再发（RFC 9293 第 3.7.4 节）。"
      )
    ) {
      $0.client.application = .sending(100, then: .never)
      $0.client.application.writeSize = 10
      $0.client.application.writeInterval = .milliseconds(5)
    },
    Scenario(
      "delayed-ack",
      Phrase("An acknowledgment waits for company", zh: "延迟确认"),
      Phrase(
        "A single small segment isn't acknowledged at once: an answer might carry the acknowledgment for nothing. After 40 ms it goes alone (RFC 9293, section 3.8.6.3).",
        zh: "单个小报文段不会立即被确认：也许有回应可以顺便带上确认。40 毫秒之后它单独发出（RFC 9293 第 3.8.6.3 节）。"
      )
    ) {
      $0.client.application = .sending(300, then: .never)
      $0.client.application.writeSize = 100
      $0.client.application.writeInterval = .milliseconds(150)
      $0.server.connection.quickAcknowledgments = 0
    },
  ]
}
