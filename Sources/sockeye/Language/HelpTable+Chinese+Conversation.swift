/// What help says in Chinese of the verbs that hold conversations.
extension HelpTable {
  private static let conversation: [String: String] = [
    "--udp": "使用 UDP。",
    "--tls": "使用 TLS。",
    "--ca": "信任这些证书（PEM），而不是系统的证书。",
    "--insecure": "接受任何证书。",
    "--tls-min": "最低的 TLS 版本：1.0、1.1、1.2 或 1.3。",
    "--alpn": "通过 ALPN 提供或选择的协议，最好的在前，例如 h2,http/1.1。",
    "--certificate": "我方的证书，以及为它作保的证书（PEM）。",
    "--key": "我方证书的私钥（PEM）。",
    "--input": #"输入怎样代表字节：text（文本）、hex（48 65 6c）或 escape（\n \x1b \u{4f60}）。"#,
    "--output": "收到的数据怎样显示：auto（终端上为 text，否则为 raw）、text、hex、both、raw 或 json。",
    "--json": "发生的每件事打印一行 JSON 对象（同 --output json）。",
    "--encoding": "线路上文本的编码：utf-8（默认）、gbk、gb18030、big5、shift_jis、latin1、utf-16le 等。",
    "--eol": "发送的每一行以什么结尾：none、lf、cr 或 crlf；不写则各行保持原样。",
    "--frame": """
    怎样区分消息：raw、gap:20ms、line、delimiter:0d0a、length:u16be@0（或 u8、u16le、u32be 等；后面的 +N 或 -N 修正长度）\
    、fixed:16 或 json。
    """,
    "--max-frame": "接受的最大的帧。",
    "--append": "在发送的每条消息后面加上校验和，例如 crc-16/modbus:le。",
    "--on-eof": "输入结束时怎么做：half-close（半关闭）、close（关闭）或 hold（保持）。",
    "--on-peer-eof": "对方的流结束时怎么做：deliver 送出输入里还会来的数据，exit 送出手头的数据就退出，hold 保持。",
    "--idle": "这么久没有人说话就结束（默认：永不；listen 的 UDP 客户端 60s 后被忘掉）。",
    "--keepalive": """
    对方静默 idle 之后，让 TCP 问它是否还在，问 count 次，每次相隔 interval（1s 到 32767s，1 到 127 次；不写的由系统决定）。
    """,
    "--expect": "对方必须说的话；没有说则退出码为 12。",
    "--within": "--expect 等多久。",
    "--record": """
    把对话记录成数据包，供 Wireshark 使用；- 是标准输出。数据和时间是真的，包头是编造的；“sockeye watch”\
    显示的才是真的。
    """,
    "--log-file": "把发生的每件事追加到文件，每行一个 JSON 对象。",
    "--timestamps": "显示每条消息到达的时间。",
    "--output-file": "把收到的数据写到这里（默认：标准输出，也可写 -）。",
    "--no-edit": "输入行的编辑留给终端：没有历史记录，到达的内容可能打断正在输入的行。",
    "--quiet": "标准错误上只说出了什么错。",
    "--verbose": "也显示发送的内容，以及 TLS 握手的结果。",
    "--broadcast": "允许数据报发往广播地址。",
    "--join": "加入一个多播组；可重复。",
    "--ttl": "多播可以经过多少个路由器（默认：1）。",
    "--interface": "多播所用的接口（默认：由系统选择）。",
    "--multicast-loopback": "多播是否也回到本机。",
    "--no-multicast-loopback": "多播是否也回到本机。",
    "--max-datagram": "完整接收不超过这个大小的数据报；更长的会截断并标明。",
  ].merging(network) { own, _ in own }

  static let connect = HelpTexts(
    abstract: "通过 TCP、UDP、TLS 或 Unix 域套接字进行对话。",
    discussion: #"""
        printf 'GET / HTTP/1.0\r\n\r\n' | sockeye connect example.com:80
        sockeye connect --udp --send 'ni hao server' 127.0.0.1:9999
        sockeye connect --expect '^220 ' --within 2s mail.example.com:25
        sockeye connect --starttls smtp --verbose mail.example.com:25
        sockeye connect 127.0.0.1:2000 --to unix:/run/app.sock
        sockeye connect --input hex --append crc-16/modbus:le 10.0.0.7:502
        sockeye connect --reconnect --keepalive 30s,10s,3 10.0.0.7:6514
        sockeye connect -z example.com:ssh,80,443,8000-8010
        sockeye connect --proxy socks5://127.0.0.1:1080 mail.example.com:25

      输入结束时半关闭连接，对方余下的数据仍会读完，两个方向都结束后程序才结束。如果对方先关闭，标准输入里还会来的数据送出之后\#
      才结束；但不会去等坐在终端前的人，也不会等已经彻底离开的对方（见 --on-peer-eof）。
      """#,
    arguments: conversation.merging([
      "<endpoint>": "HOST:PORT、HOST PORT、tcp://…、udp://…、tls://…、unix:PATH、unix:@NAME 或 unixgram:PATH。",
      "--to": "把端点与这一个连接起来：一方说的话送给另一方。--output hex 或 -v 显示内容。",
      "--starttls": "先用对方的协议要求 TLS：smtp、imap、pop3、ldap 或 postgres。",
      "--send": "发送这段内容，而不读标准输入。",
      "--every": "反复发送，每次间隔这么久。",
      "--count": "一共发送几次（默认：一次；有 --every 时没有止境）。",
      "--connect-timeout": "连接最多花多久。",
      "--retry": "连接失败时再试几次。",
      "--backoff": "两次尝试之间最短和最长的等待；每次加倍。",
      "--reconnect": "连接被拒绝或断开时，按 --backoff 的间隔重新连接（次数由 --retry 限制）。",
      "--total": "总共最多这么久，包括连接和等待；到时退出码为 10（默认：不限）。",
      "--bind": "从这个地址（或地址和端口）发起连接。",
      "--proxy": "经由 http://HOST:PORT 或 socks5://HOST:PORT 连接，对方的名字由它解析。",
      "--proxy-auth-file": "对代理说明身份：权限为 600 的文件，内容是 NAME:PASSWORD。",
      "-z": """
      只看有没有人应答：TCP 会接受或拒绝；HOST:22,80,8000-8010 问许多端口，每个都是 open（开放）、closed（关闭）或 \
      filtered（被过滤），全部开放时退出码为 0。UDP 没有这样的应答：加 -u 时发送一个空的数据报，没有回音说明不了什么：端口可能关着，\
      也可能只是不说话。
      """,
    ]) { own, _ in own }
  )

  static let listen = HelpTexts(
    abstract: "通过 TCP、UDP、TLS 或 Unix 域套接字为对话提供服务。",
    discussion: """
        sockeye listen 8888
        sockeye listen --once --reply 'thank you, tcp client' 8888
        sockeye listen --max-clients 1 --reply haha --encoding gbk 8888
        sockeye listen --udp --echo 8888
        sockeye listen --exec 'tr a-z A-Z' 8888
        sockeye listen --proxy-server --deny 10.0.0.0/8 127.0.0.1:1080

      在终端上，输入的一行发给所有客户端；“@3 TEXT”只发给客户端 3；/clients 列出客户端，/kick 3 请走一个，/quit 结束。超出 \
      --max-clients 的客户端排队等候，先来先服务。第一个 INT 或 TERM 使它停止接受新的客户端，并等已经来的客户端说完；第二个立即结束。
      """,
    arguments: conversation.merging([
      "<endpoint>": "PORT、:PORT、HOST:PORT、udp://…、tls://…、unix:PATH、unix:@NAME 或 unixgram:PATH；端口 0 表示由系统选择。",
      "--once": "第一个客户端之后就结束；有 --reply 时，回答之后就结束（见 --replies）。",
      "--keep-open": "客户端离开之后继续（默认如此）。",
      "--echo": "收到什么就发回什么。",
      "--reply": "用这段内容回答每条消息。",
      "--replies": "每个客户端回答这么多条消息，然后关闭（默认：不限；有 --once 时为 1）。",
      "--reply-rate": "每秒最多给每个客户端这么多个回答（默认：不限）。",
      "--greet": "先说这段话。",
      "--close-on": "对方说出这段话时结束对话。",
      "--goodbye": "对方说出 --close-on 的话之后说这段话。",
      "--exec": "让每个客户端与它自己的一个命令对接。",
      "--relay": "把每个客户端说的话告诉其他客户端。",
      "--max-clients": "同时服务这么多客户端；其余的排队（默认：不限）。",
      "--allow": """
      只接受这个网络；可重复。与 --proxy-server 一起：向它的客户端开放一个名字、*.NAME、地址或网络，需要时加 :PORT 或 :FIRST-LAST；\
      没有规则开放的就都关闭。
      """,
      "--deny": "不接受这个网络；可重复。与 --proxy-server 一起：向它的客户端关闭一个名字、*.NAME、地址或网络，不论开放了什么。",
      "--proxy-server": """
      替别人连接：在这个端口上提供 SOCKS 5（字节流和数据报）和 HTTP CONNECT。本机自身、环回和链路上的地址都关闭，除非 --allow \
      写明那个地址。
      """,
      "--auth-file": "谁可以使用 --proxy-server：“sockeye serve --add-user”所写的那种文件。",
      "--loop-guard": "数据报看上去是对我方回答的回答时，不再回答。",
      "--no-loop-guard": "数据报看上去是对我方回答的回答时，不再回答。",
      "--reuse-port": "与其他进程共用端口。",
      "--interactive": "即使输入不是终端，也在其中寻找命令（@3、/clients、/kick、/quit）。",
      "--ready-file": "开始监听后，把所绑定的地址写到这里。",
    ]) { own, _ in own }
  )
}
