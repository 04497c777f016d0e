/// What help says in Chinese of the host, the laboratory, captures, checksums and the small verbs.
extension HelpTable {
  private static let sight = [
    "--width": "画多少列。默认为终端的列数，或 80。",
    "--color": "颜色：auto、always 或 never。",
    "--absolute": "按线路上的原样显示序号，而不是从零数起。",
    "--json": "每行打印一个 JSON 对象。",
  ]

  static let host = HelpTexts(
    abstract: "在 TUN 设备上成为一台网络主机，用 Sockeye 自己的 TCP/IP。",
    discussion: """
      这台主机回答 ping，并提供所要求的服务：通过 TCP；除 source 和 sink 之外，也通过 UDP。内核是它在该设备上的邻居，也需要一个\
      地址：

        sockeye host --tun sock0=10.9.0.2/24,fd09::2/64 --echo 7 --sink 9000 &
        ip address add 10.9.0.1/24 dev sock0
        ping 10.9.0.2

      创建设备需要 CAP_NET_ADMIN 权能；使用一个已经启用并属于该用户的设备则什么也不需要（ip tuntap add sock0 mode tun user \
      NAME vnet_hdr; ip link set sock0 up）。
      """,
    arguments: [
      "--tun": "设备，以及主机在其上的地址。",
      "--gateway": "发往别处的数据包去哪里；每个地址族一次。",
      "--mtu": "设备的 MTU（默认：它现有的）。",
      "--no-offload": "像在真正的线路上那样，交换校验和完整的单个数据包，而不是超大报文段。",
      "--kernel-thread": "让内核的一个线程接收并合并主机发送的数据：没有卸载时吞吐量更高，回答更晚。",
      "--congestion": "拥塞控制：newreno、cubic 或 bbr。",
      "--drain": "第一个 TERM 或 INT 之后，让各连接自行结束的时间；剩下的会被复位。",
      "--echo": "收到什么就发回什么（RFC 862）。",
      "--discard": "收下一切（RFC 863）。",
      "--chargen": "不停地发送字符（RFC 864）。",
      "--daytime": "报告时间（RFC 867）。",
      "--source": "尽快发送，直到对方关闭。",
      "--sink": "收下一切，并说出有多少、有多快。",
      "--bytes": "--source 发送多少之后关闭（默认：没有止境）。",
      "--digest": "说出 --source 所发送和 --sink 所收到的数据的 SHA-256。",
      "--status": "像“ss -ti”那样，每秒在标准输出上打印各连接，其间打印连接进入的每个状态。",
      "--every": "--status 多久打印一次。",
      "--capture": "把经过设备的数据包写入抓包文件（pcapng）。",
      "--ready-file": "开始监听后，把各服务的地址写到这里。",
      "--quiet": "只说错误。",
    ]
  )

  static let lab = HelpTexts(
    abstract: "在模拟的网络上看 TCP 怎样工作：握手、丢失、窗口。不需要网络，也不需要任何权限。",
    discussion: """
        sockeye lab list
        sockeye lab handshake
        sockeye lab fast-retransmit --width 120
        sockeye lab transfer --rtt 50ms --impair loss=1% --congestion cubic,bbr

      时间是虚拟的，所以模拟线路上的一小时在这里不花时间；相同的种子给出相同的图。状态、数字和时间都来自“sockeye host”所用的那个\
      引擎。
      """
  )

  static let labList = HelpTexts(
    abstract: "列出各个场景，每个一行。",
    discussion: "  sockeye lab list"
  )

  static let labScenario = HelpTexts(
    abstract: "把一个场景画成时序图。简写为“lab NAME”。",
    discussion: """
        sockeye lab close --capture close.pcapng
        sockeye lab ./mine.lab
      """,
    arguments: [
      "<name>": "场景：“sockeye lab list”列出的名字，或写有自己场景的文件。",
      "--seed": "初始序号和一切偶然都由它而来。",
      "--capture": "保存数据包以及每个包的下落，供 Wireshark 等程序使用。",
      "--html": "画成一个可用浏览器打开的网页，不需要网络。",
      "--qlog": "把所有事件写成 qlog，供 qvis 等程序使用。",
      "--step": "每读入一行就画一行：回车继续，q 结束。",
    ].merging(sight) { own, _ in own }
  )

  static let labTransfer = HelpTexts(
    abstract: "在糟糕的网络上发送数据，比较各种拥塞控制算法。",
    discussion: """
        sockeye lab transfer --rate 100Mbps --impair loss=1% --congestion cubic,bbr
        sockeye lab transfer --size 10MiB --rtt 200ms --why
      """,
    arguments: [
      "--size": "发送多少。",
      "--rtt": "没有排队时的往返时间。",
      "--rate": "瓶颈的速率，例如 100Mbps。",
      "--loss": "每个方向丢失的数据包的比例，例如 1%；与 --impair loss=1% 相同。",
      "--impair": """
      网络还会做什么：KEY=VALUE,…，键有 loss、jitter、queue、duplicate、reorder、corrupt；键前面的 up: 或 down: 表示只限一个\
      方向。
      """,
      "--congestion": "各种算法，用逗号分开：cubic、newreno、bbr。",
      "--seed": "一切偶然都由它而来。",
      "--why": "说出每次传输受什么限制、占多少时间，以及哪些报文段表明了这一点。",
      "--capture": "保存这一次传输的数据包，供 Wireshark 等程序使用。",
      "--html": "把这一次传输画成一个可用浏览器打开的网页。",
      "--qlog": "把这一次传输的所有事件写成 qlog，供 qvis 等程序使用。",
      "--json": "每行打印一个 JSON 对象。",
    ]
  )

  static let labVerdicts = HelpTexts(
    abstract: "判断一批各设了一种限制的传输，并打印判断正确的次数。",
    discussion: "  sockeye lab verdicts --count 200 --seed 1",
    arguments: [
      "--count": "多少次传输。",
      "--seed": "一切偶然都由它而来。",
    ]
  )

  static let watch = HelpTexts(
    abstract: "显示抓包文件里的 TCP 连接：一张总表，以及其中任何一个的逐段图。",
    discussion: """
        sockeye watch trace.pcapng
        sockeye watch trace.pcap --stream 3
        sockeye watch trace.pcap --follow
        sockeye lab close --capture close.pcapng && sockeye watch close.pcapng
        sockeye watch --interface lo --port 8000
        sockeye watch --pid 4711 --follow
        sockeye watch -- curl -s https://example.com/

      读取 tcpdump 和 Wireshark 所写的 pcap 和 pcapng，多大都行，内存有限。只有一个连接的抓包会直接画出来。网络接口或进程则实时监视，每个\
      报文段一行，直到 Ctrl-C 或进程结束；这需要 root 或 CAP_NET_RAW 权限，别的用户的进程还需要 CAP_SYS_PTRACE。命令像 sockeye run 那样在自己的网络里\
      运行并被监视，不需要任何权限；它打印的内容到标准错误，退出码是它自己的。
      """,
    arguments: [
      "<file>": "抓包文件；- 是标准输入。",
      "<command>": "要监视的命令及其参数，写在 -- 后面。",
      "--interface": "监视这个网络接口，而不是读抓包文件。",
      "--pid": "监视这个编号的进程的连接，包括它以后打开的。",
      "--port": "只显示一端是这个端口的连接。",
      "--stream": "画出表中这个编号的连接。",
      "--html": "把一个连接画成可用浏览器打开的网页，不需要网络。",
      "--qlog": "把一个连接的所有事件写成 qlog，供 qvis 等程序使用。",
      "--follow": "写出一个连接的两端所说的话，由报文段拼成：第一个连接，或 --stream 所指的。",
      "--raw": "与 --follow 合用：只写一端的字节，原样不变；client 是先开口的一端。",
      "--why": "说出一个连接的传输受什么限制、占多少时间，以及哪些报文段表明了这一点。",
    ].merging(sight) { own, _ in own }
  )

  static let checksum = HelpTexts(
    abstract: "计算校验和：累加和、XOR、LRC、CRC-8/16/32、互联网校验和、SHA-256。",
    discussion: """
        sockeye checksum --algorithm crc-16/modbus --input hex '01 03 00 00 00 0a'
        sockeye checksum --algorithm crc-32 --file disk.img
        printf 123456789 | sockeye checksum --algorithm crc-8
      """,
    arguments: [
      "<text>": "要计算的文本；不写则用 --file 或标准输入。",
      "--algorithm": "算法；可重复。不写则用若干种。",
      "--file": "计算一个文件。",
      "--input": "文本怎样代表字节：text、hex 或 escape。",
      "--encoding": "文本所转成的编码。",
      "--list": "列出所有算法和它们的校验值。",
      "--json": "每行打印一个 JSON 对象。",
    ]
  )

  static let completions = HelpTexts(
    abstract: "打印供 shell 使用的补全脚本。",
    discussion: #"""
        source <(sockeye completions bash)
        sockeye completions zsh > "${fpath[1]}/_sockeye"
        sockeye completions fish > ~/.config/fish/completions/sockeye.fish
      """#,
    arguments: ["<shell>": "哪一种 shell：bash、zsh 或 fish。"]
  )

  static let manual = HelpTexts(
    abstract: "打印手册页。",
    discussion: """
        sockeye manual > sockeye.1
        sockeye manual | man -l -
      """
  )
}
