/// All that help says in Chinese.
extension HelpTable {
  static let chinese = HelpTable(
    verbs: [
      "sockeye": HelpTexts(
        abstract: "TCP 与 UDP：对话、文件，以及底下发生的一切。",
        discussion: """
          ENDPOINT 可写成 HOST:PORT、HOST PORT、:PORT、PORT（监听时）或 [ADDRESS%ZONE]:PORT，前面可以加 tcp://、udp:// 或 \
          tls://；也可以是 unix:PATH。时长带单位（500ms、5s、2m），大小也带单位（64KiB、1MB）。

          数据写到标准输出，其余的话都写到标准错误。退出码：0 完成，1 其他失败，2 用法错误，3 本地文件，4 网络，5 TLS 验证，\
          6 身份认证，7 对方违反协议，8 服务器报告错误，9 完整性，10 超时，11 拒绝（会覆盖文件，或名字不安全），12 没有等到 \
          --expect，128+n 信号 n。
          """
      ),
      "bench": bench,
      "checksum": checksum,
      "completions": completions,
      "connect": connect,
      "console": console,
      "get": get,
      "put": put,
      "host": host,
      "impair": impair,
      "lab": lab,
      "lab list": labList,
      "lab scenario": labScenario,
      "lab transfer": labTransfer,
      "lab verdicts": labVerdicts,
      "listen": listen,
      "manual": manual,
      "run": run,
      "serve": serve,
      "watch": watch,
    ],
    shared: [
      "--language": "帮助和消息所用的语言。默认按区域设置：中文环境用中文，否则用英文。",
      "--version": "显示版本。",
      "--help": "显示帮助。",
    ],
    sections: [
      "Addresses": "地址",
      "Bare names": "裸文件名",
      "Encryption and passwords": "加密与密码",
      "Limits": "限制",
      "Network": "网络",
      "Pages": "页面",
      "Reports": "报告",
      "Services": "服务",
    ]
  )

  /// Which addresses are used, and whose TCP.
  static let network = [
    "-4": "只用 IPv4。",
    "-6": "只用 IPv6。",
    "-n": "只接受地址，不解析名字。",
    "--stack": """
    不用内核的 TCP/IP，而用 Sockeye 自己的，跑在一个 TUN 设备上。逗号后面可以写：更多地址、gateway=ADDRESS、mtu=BYTES、\
    congestion=newreno|cubic|bbr、offload=yes|no、capture=FILE.pcapng；pacing、ecn、sack、timestamps=yes|no；\
    initial-window=SEGMENTS；receive-buffer、send-buffer=SIZE。
    """,
  ]
}

/// The words around help in Chinese.
extension HelpFrame {
  static let chinese = HelpFrame(
    overview: "概述：",
    usage: "用法：",
    arguments: "参数：",
    options: "选项：",
    subcommands: "动词：",
    colon: "：",
    someOptions: "[<选项>]",
    someVerb: "<动词>",
    isDefault: "（默认）",
    seeAlso: { "  某个动词的详细帮助：\($0.joined(separator: " ")) <动词> --help" },
    values: { all, standard in
      var parts: [String] = []
      if !all.isEmpty { parts.append("可取 \(all.joined(separator: "、"))") }
      if let standard { parts.append("默认 \(standard)") }
      return parts.isEmpty ? "" : "（\(parts.joined(separator: "；"))）"
    }
  )
}
