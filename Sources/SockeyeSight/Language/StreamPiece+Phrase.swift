public import SockeyeText

extension StreamPiece {
  /// What there is to say of the piece; nil for bytes, which speak for themselves.
  public var phrase: Phrase? {
    switch self {
    case .data: nil
    case .gap(let count, .unseen):
      Phrase("\(count) bytes are missing: they were not seen", zh: "缺少 \(count) 字节：没有看到它们经过")
    case .gap(let count, .notKept):
      Phrase("\(count) bytes are missing: the capture kept less of each packet", zh: "缺少 \(count) 字节：抓包没有保留完整的数据包")
    case .conflict(let count, let offset):
      Phrase(
        "sent again with other bytes: \(count) differ, from byte \(offset) on; the first ones are shown",
        zh: "重传的内容不同：从第 \(offset) 字节起有 \(count) 字节不一样；显示的是先到的"
      )
    case .late(let count):
      Phrase("\(count) bytes came too late to be shown in their place", zh: "\(count) 字节来得太晚，无法在原处显示")
    case .finished: Phrase("has said all that it had to say (FIN)", zh: "已经说完（FIN）")
    case .reset: Phrase("broke the connection off (RST)", zh: "中断了连接（RST）")
    case .restarted: Phrase("another connection begins between the same ports", zh: "同样的端口之间开始了另一个连接")
    }
  }
}
