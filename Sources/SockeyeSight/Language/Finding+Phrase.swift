public import SockeyeText

extension Finding {
  /// What the finding means, in a few words.
  public var phrase: Phrase {
    switch self {
    case .retransmission: Phrase("sent again after a timeout: no acknowledgment came", zh: "超时重传：没有等到确认")
    case .fastRetransmission:
      Phrase("sent again at once: duplicate acknowledgments asked for it", zh: "快速重传：重复确认表明它丢失了")
    case .spuriousRetransmission: Phrase("sent again needlessly: it had been acknowledged", zh: "多余的重传：它早已被确认")
    case .outOfOrder: Phrase("out of order: later data came before it", zh: "乱序：后面的数据先到")
    case .previousSegmentMissing: Phrase("there is a gap before it", zh: "它前面缺少数据")
    case .duplicateAcknowledgment(let count):
      Phrase("duplicate acknowledgment \(count): what comes next is missing", zh: "第 \(count) 个重复确认：仍缺少下一段数据")
    case .zeroWindow: Phrase("zero window: the receiver's buffer is full", zh: "零窗口：接收方的缓冲区已满")
    case .zeroWindowProbe: Phrase("window probe: is there room again?", zh: "窗口探测：有空间了吗？")
    case .zeroWindowProbeAnswer: Phrase("answers the probe: still no room", zh: "回答探测：仍然没有空间")
    case .windowUpdate: Phrase("window update: there is room again", zh: "窗口更新：又有空间了")
    case .windowFull: Phrase("fills the receiver's window", zh: "填满了接收方的窗口")
    case .keepAlive: Phrase("keep-alive: are you there?", zh: "保活探测：对方还在吗？")
    case .keepAliveAnswer: Phrase("answers the keep-alive", zh: "回答保活探测")
    case .reset: Phrase("breaks the connection off", zh: "复位：中断连接")
    case .refusal: Phrase("refused: nobody listens on that port", zh: "拒绝：该端口没有程序在监听")
    case .acknowledgesUnseen: Phrase("acknowledges what was not seen here", zh: "确认了这里没有看到的数据")
    case .duplicateReported: Phrase("reports by D-SACK that something came twice", zh: "用 D-SACK 报告收到了重复数据")
    }
  }
}

extension Fate {
  /// What became of a segment, in a few words; nil where it simply arrives.
  public var phrase: Phrase? {
    switch self {
    case .delivered: nil
    case .corrupted: Phrase("damaged on the way", zh: "途中损坏")
    case .duplicated: Phrase("arrives twice", zh: "到达两次")
    case .lost: Phrase("lost", zh: "丢失")
    case .queueFull: Phrase("dropped: the queue is full", zh: "丢弃：队列已满")
    case .queueDelay: Phrase("dropped: packets wait too long in the queue", zh: "丢弃：排队过久")
    case .linkDown: Phrase("dropped: the link is down", zh: "丢弃：链路中断")
    }
  }
}
