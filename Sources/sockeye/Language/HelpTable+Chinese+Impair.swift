/// What help says in Chinese of bad networks.
extension HelpTable {
  static let impair = HelpTexts(
    abstract: "在一个端口前面，或在两个设备之间，放上一个糟糕的网络。",
    discussion: """
        sockeye impair 8080 example.com:80 delay=50ms,loss=1%
        sockeye impair 8080 example.com:80 profile=3g
        sockeye impair udp://:5353 udp://127.0.0.1:53 up:loss=20%
        sockeye impair 8080 127.0.0.1:80 reset=64KiB
        sockeye impair --tun bad0 --tun bad1 rate=10Mbps,queue=64KiB

      字节流要穿过一个模拟的网络，网络两端是用 Sockeye 自己的 TCP 的两台主机：在那里丢失的会重传，字节流完整到达。丢失的数据报就\
      丢了。不需要任何权限；创建设备除外。

      网络写成 KEY=VALUE，用逗号分开；键前面的 up: 或 down: 表示只限一个方向（up 是从发起连接的一方出发）：delay=50ms、jitter=5ms、\
      distribution=uniform|normal|pareto、loss=1%、burst=1%/25%（开始、结束）、rate=10Mbps、queue=64KiB、codel=5ms、duplicate=0.1%、\
      reorder=1%、reorder-delay=10ms、corrupt=0.01%、mtu=1400；对每个字节流：reset=SIZE、close=SIZE 或 silence=SIZE，经过这么多字节\
      之后发生；profile= dial、edge、3g、slow-3g、4g、lte、dsl、cable、fibre、satellite 或 bad-wifi。

      时间表的每一行写成“at 10s loss=5%”；控制套接字接受“loss=5%”这样的一行，或“status”。
      """,
    arguments: [
      "<words>": "LISTEN TARGET SPEC；有两个 --tun 时，只写 SPEC。",
      "--tun": "一端的 TUN 设备；要写两次。",
      "--seed": "一切偶然都由它而来（默认：每次不同，并会说出来）。",
      "--timetable": "按时间改变网络。",
      "--control": "在运行时接受改变。",
      "--every": "多久报告一次数据包的遭遇；0s 表示只在结束时报告。",
      "--max-streams": "同时传送这么多字节流；其余的拒之门外。",
      "--ready-file": "开始监听后，把绑定的地址写到这里。",
      "--json": "在标准输出上每行打印一个事件。",
      "--quiet": "只说错误。",
    ]
  )
}
