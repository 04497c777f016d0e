internal import SockeyeText

/// The words of the page in both languages, by the keys that the script asks for.
enum PageWords {
  /// Writes them as an object of pairs.
  static func write(to island: inout JSONWriter) {
    island.object { island in
      for (key, phrase) in controls + facts + pictures + gauges {
        island.name(key)
        island.phrase(phrase)
      }
    }
  }

  private static let controls: [(String, Phrase)] = [
    ("theme", Phrase("Light or dark", zh: "浅色或深色")),
    ("otherLanguage", Phrase("中文", zh: "English")),
    ("absolute", Phrase("Numbers as on the wire", zh: "显示线路上的绝对序号")),
    ("controls", Phrase("Play", zh: "播放控制")),
    ("rewind", Phrase("Rewind", zh: "回到开头")),
    ("back", Phrase("One step back", zh: "后退一步")),
    ("play", Phrase("Play", zh: "播放")),
    ("pause", Phrase("Pause", zh: "暂停")),
    ("forward", Phrase("One step on", zh: "前进一步")),
    ("toEnd", Phrase("To the end", zh: "到结尾")),
    ("position", Phrase("Position", zh: "位置")),
    ("speed", Phrase("Steps a second", zh: "每秒步数")),
    ("keys", Phrase("Arrow keys step, the space bar plays, a click chooses.", zh: "方向键逐步查看，空格键播放，点击选择。")),
    ("missed", Phrase("{0} later events are not in this page.", zh: "后面还有 {0} 个事件未包含在本页中。")),
    ("zoomIn", Phrase("Zoom in", zh: "放大")),
    ("zoomOut", Phrase("Zoom out", zh: "缩小")),
    ("zoomWhole", Phrase("All of it", zh: "显示全部")),
    ("plotsOf", Phrase("The end whose data is plotted", zh: "绘制哪一端发送的数据")),
  ]

  private static let pictures: [(String, Phrase)] = [
    ("diagram", Phrase("Sequence diagram", zh: "时序图")),
    ("header", Phrase("The header, bit by bit", zh: "逐位查看首部")),
    ("machine", Phrase("State machine", zh: "状态机")),
    ("information", Phrase("What TCP_INFO would say", zh: "TCP_INFO 的内容")),
    (
      "informationNote",
      Phrase("At the cursor. What only an engine knows is – in a capture.", zh: "光标处的值。只有协议栈自己知道的内容，在抓包中显示为 –。")
    ),
    ("verdict", Phrase("What limited it", zh: "受什么限制")),
    ("plots", Phrase("Plots", zh: "曲线图")),
    ("timeSequence", Phrase("Sequence numbers over time", zh: "时间—序号图")),
    ("throughput", Phrase("Throughput", zh: "吞吐量")),
    ("congestion", Phrase("Congestion window and slow-start threshold", zh: "拥塞窗口与慢启动阈值")),
    ("roundTrips", Phrase("Round trip and retransmission timeout", zh: "往返时间与重传超时")),
    ("flight", Phrase("In flight, against the windows", zh: "在途数据与窗口")),
    ("windowEdge", Phrase("the window's edge", zh: "窗口右沿")),
    ("acknowledged", Phrase("acknowledged", zh: "已确认")),
    ("sent", Phrase("sent", zh: "发送")),
    ("sentAgain", Phrase("sent again", zh: "重传")),
    ("lost", Phrase("lost", zh: "丢失")),
    ("congestionWindow", Phrase("congestion window", zh: "拥塞窗口")),
    ("slowStartThreshold", Phrase("slow-start threshold", zh: "慢启动阈值")),
    ("measured", Phrase("measured", zh: "实测")),
    ("smoothed", Phrase("smoothed", zh: "平滑值")),
    ("retransmissionTimeout", Phrase("retransmission timeout", zh: "重传超时")),
    ("inFlight", Phrase("in flight", zh: "在途")),
    ("receiverWindow", Phrase("receiver's window", zh: "接收方窗口")),
    ("nothingHere", Phrase("Nothing of it in this stretch of time.", zh: "这段时间内没有数据。")),
    ("engineOnly", Phrase("Only the sender's engine knows it; a capture doesn't show it.", zh: "只有发送方的协议栈知道，抓包中看不到。")),
  ]

  private static let facts: [(String, Phrase)] = [
    ("sends", Phrase("{0} sends", zh: "{0} 发送")),
    ("arrives", Phrase("arrives from {0}:", zh: "收到来自 {0} 的")),
    ("field", Phrase("Field", zh: "字段")),
    ("offset", Phrase("Byte", zh: "字节")),
    ("value", Phrase("Value", zh: "值")),
    ("option", Phrase("Option", zh: "选项")),
    ("flags", Phrase("Flags", zh: "标志位")),
    ("data", Phrase("Data", zh: "数据")),
    ("sourcePort", Phrase("Source port", zh: "源端口")),
    ("destinationPort", Phrase("Destination port", zh: "目的端口")),
    ("sequenceNumber", Phrase("Sequence number", zh: "序号")),
    ("acknowledgmentNumber", Phrase("Acknowledgment number", zh: "确认号")),
    ("dataOffset", Phrase("Data offset", zh: "数据偏移")),
    ("reserved", Phrase("Reserved", zh: "保留")),
    ("window", Phrase("Window", zh: "窗口")),
    ("checksum", Phrase("Checksum", zh: "校验和")),
    ("urgentPointer", Phrase("Urgent pointer", zh: "紧急指针")),
    ("relative", Phrase("{0} ({1} from the start)", zh: "{0}（从起点算 {1}）")),
    ("words", Phrase("{0} words: {1} bytes", zh: "{0} 个字：{1} 字节")),
    ("bytes", Phrase("{0}, which is {1} bytes", zh: "{0}，即 {1} 字节")),
    ("dataBytes", Phrase("{0} bytes follow", zh: "后接 {0} 字节")),
    ("noChecksum", Phrase("left to the device, or not kept", zh: "由设备计算，或未保留")),
    ("noSegment", Phrase("No segment has been sent yet.", zh: "还没有发送任何报文段。")),
  ]

  private static let gauges: [(String, Phrase)] = [
    ("tcpi_state", Phrase("the state", zh: "状态")),
    ("tcpi_ca_state", Phrase("what is done about losses", zh: "丢失恢复的阶段")),
    ("tcpi_options", Phrase("what both SYNs offered", zh: "双方 SYN 都提供的选项")),
    ("tcpi_rcv_wscale", Phrase("shift of its windows", zh: "自己窗口的移位")),
    ("tcpi_snd_mss", Phrase("largest segment the peer takes", zh: "对方可接收的最大报文段")),
    ("tcpi_rto", Phrase("retransmission timeout", zh: "重传超时")),
    ("tcpi_backoff", Phrase("timeouts in a row", zh: "连续超时次数")),
    ("tcpi_rtt", Phrase("smoothed round trip", zh: "平滑往返时间")),
    ("tcpi_rttvar", Phrase("its mean deviation", zh: "平均偏差")),
    ("tcpi_min_rtt", Phrase("least round trip measured", zh: "实测最短往返时间")),
    ("tcpi_snd_cwnd", Phrase("congestion window", zh: "拥塞窗口")),
    ("tcpi_snd_ssthresh", Phrase("slow-start threshold", zh: "慢启动阈值")),
    ("tcpi_unacked", Phrase("sent and not acknowledged", zh: "已发送未确认")),
    ("tcpi_sacked", Phrase("of it selectively acknowledged", zh: "其中已选择确认")),
    ("tcpi_lost", Phrase("of it taken for lost", zh: "其中被认为丢失")),
    ("tcpi_notsent_bytes", Phrase("written and not sent", zh: "已写入未发送")),
    ("tcpi_snd_wnd", Phrase("the peer's window", zh: "对方的窗口")),
    ("tcpi_rcv_wnd", Phrase("its own window", zh: "自己的窗口")),
    ("tcpi_pacing_rate", Phrase("pacing rate", zh: "发送节奏速率")),
    ("tcpi_delivery_rate", Phrase("delivery rate", zh: "交付速率")),
    ("tcpi_segs_out", Phrase("segments sent", zh: "发送的报文段")),
    ("tcpi_segs_in", Phrase("segments received", zh: "收到的报文段")),
    ("tcpi_data_segs_out", Phrase("of them with data", zh: "其中带数据（发送）")),
    ("tcpi_data_segs_in", Phrase("of them with data", zh: "其中带数据（接收）")),
    ("tcpi_bytes_sent", Phrase("bytes of data sent", zh: "发送的数据字节")),
    ("tcpi_bytes_retrans", Phrase("of them again", zh: "其中重传的字节")),
    ("tcpi_bytes_acked", Phrase("sequence numbers acknowledged", zh: "已被确认的序号数")),
    ("tcpi_bytes_received", Phrase("sequence numbers received", zh: "已收到的序号数")),
    ("tcpi_total_retrans", Phrase("segments sent again", zh: "重传的报文段")),
    ("tcpi_last_data_sent", Phrase("since data was sent", zh: "距上次发送数据")),
    ("tcpi_last_ack_recv", Phrase("since something arrived", zh: "距上次收到报文段")),
  ]
}
