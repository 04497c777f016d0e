/// What help says in Chinese of commands in networks of their own.
extension HelpTable {
  static let run = HelpTexts(
    abstract: "让一个命令在自己的网络里运行。",
    discussion: """
        sockeye run -- curl https://example.com/
        sockeye run --allow '*.example.com:443' --log log.ndjson -- ./build.sh
        sockeye run --impair delay=50ms,loss=1% --capture run.pcapng -- ./client
        sockeye run --publish 8080:80 -- ./server
        sockeye run --offline -- make test

      命令发送的一切都到 Sockeye 自己的 TCP/IP 为止；目的地应答之后，由它从本机向同一地方打开连接。本机的回环地址对命令是关闭的；\
      一旦有了 --allow，除它打开的以外全都关闭。命令结束时，用一个表格列出它的连接。

      命令拥有它本来就有的文件、用户和终端，但进程和网络接口是它自己的：它对它们所做的一切，外面都看不到；它启动的一切，都随它一起\
      结束。只要系统允许用户使用命名空间，就不需要任何权限。

      退出码就是命令的退出码：被信号 n 结束时为 128+n，找不到命令时为 127，不能执行时为 126。发给 sockeye 的信号会转给命令。它只继承\
      标准流。
      """,
    arguments: [
      "<command>": "命令及其参数，写在 -- 后面。",
      "--root": "在里面做 root，可以改变命令自己的网络。在外面，权限不比你多。",
      "--offline": "网络上除了命令自己的回环接口，什么都没有。",
      "--log": "把询问过的每个名字和每个连接写到文件，每行一个事件。",
      "--publish": "让客户端通过本机的一个端口访问命令的服务器；本机的端口写在前面。",
      "--allow": "打开一个名字、*.NAME、地址或网络，可以加 :PORT 或 :FIRST-LAST；此后没有规则打开的都关闭。",
      "--deny": "关闭一个名字、*.NAME、地址或网络，无论什么是打开的。",
      "--dns": "询问这个名字服务器，而不是本机的；可以重复。",
      "--host": "给一个名字指定地址；可以重复。",
      "--impair": "让它成为糟糕的网络，或用 @规则（与 --allow 相同）只让通往那里的路如此；可重复；见 sockeye impair --help。",
      "--rate": "每秒、每个方向只通过这么多（默认：不限）。",
      "--seed": "一切偶然都由它而来（默认：每次不同，并会说出来）。",
      "--mtu": "网络上最长的数据包。",
      "--capture": "把经过的一切写成抓包文件（pcapng）。",
      "--stack-config": """
      命令与之通信的我们的 TCP 如何设置：congestion=newreno|cubic|bbr、offload=yes|no；pacing、ecn、sack、timestamps=yes|no；\
      initial-window=SEGMENTS；receive-buffer、send-buffer=SIZE。
      """,
      "--report": "结束时在标准错误上如何报告连接：auto 在终端上是表格，在别处什么都不说。",
    ]
  )
}
