internal import SockeyeSimulator
internal import SockeyeTCP
import SockeyeText

extension Scenario {
  /// How the receiver governs the sender.
  static let windows: [Scenario] = [
    Scenario(
      "zero-window",
      Phrase("The reader stops, and the window closes", zh: "零窗口：读取停止，窗口关闭"),
      Phrase(
        "The receiver's buffer fills, and the window that it offers shrinks to nothing. The sender stops and asks from time to time by a probe, until the reader goes on and a window update comes.",
        zh: "接收缓冲区填满，通告的窗口缩到零。发送方停下来，不时用探测询问，直到读取继续、窗口更新到来。"
      )
    ) {
      $0.client.application = .sending(12_000, then: .never)
      $0.server.connection.initialReceiveWindow = 4_380
      $0.server.connection.receiveBuffer = 4_380
      $0.server.connection.autotune = false
      $0.server.application.pausesReadingAt = 1_000
      $0.server.application.readingPause = .milliseconds(1_500)
    },
    Scenario(
      "silly-window",
      Phrase("A slow reader doesn't make for small segments", zh: "避免糊涂窗口"),
      Phrase(
        "The reader takes 200 bytes at a time. The receiver doesn't offer each 200 bytes that it has free, but waits until there is room for a full segment or half of its buffer (RFC 9293, section 3.8.6.2.2).",
        zh: "读取者每次只取 200 字节。接收方并不每次通告这 200 字节的空间，而是等到能容纳一个完整报文段或半个缓冲区才通告（RFC 9293 第 3.8.6.2.2 节）。"
      )
    ) {
      $0.client.application = .sending(9_000, then: .never)
      $0.server.connection.initialReceiveWindow = 2_920
      $0.server.connection.receiveBuffer = 2_920
      $0.server.connection.autotune = false
      $0.server.application.readSize = 200
      $0.server.application.readInterval = .milliseconds(20)
    },
  ]
}
