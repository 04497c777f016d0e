/// What help says in Chinese of measuring.
extension HelpTable {
  static let bench = HelpTexts(
    abstract: "测量吞吐量、往返、连接和数据报，用内核的 TCP 或我们自己的。",
    discussion: """
        sockeye bench --serve :5201
        sockeye bench 192.0.2.1:5201 --direction both --connections 4
        sockeye bench 192.0.2.1:5201 --mode echo --size 64 --per-second 1000
        sockeye bench 192.0.2.1:5201 --mode connections --connections 10
        sockeye bench 192.0.2.1:5201 --mode datagrams --size 1200 --per-second 5000
        sockeye bench http://192.0.2.1:8080/file --mode http --connections 50
        sockeye bench --stack tun:sock0=10.9.0.2/24 10.9.0.1:5201

      上行的字节要等服务器收到才算数。用 --per-second 时，操作按固定的时刻到期，每个都从到期时算起，所以排在慢者后面等待的也算慢。\
      数据报由服务器送回：不用 --per-second 时，同时有 32 个在途，一秒内没有回答的算丢失。http 可以问任何服务器。处理器时间是整个\
      程序的，两边都有。
      """,
    arguments: network.merging([
      "<endpoint>": "HOST:PORT、HOST PORT 或 http://…；用 --serve 时是在哪里监听。",
      "--serve": "做供别人测量的服务器。",
      "--mode": "测量什么：bulk、echo、connections、datagrams、http。默认是 bulk。",
      "--direction": "bulk 的方向：up（默认）、down、both。",
      "--for": "测量多久。",
      "--connections": "同时有多少连接。",
      "--size": "一条消息或一个数据报有多长（默认 64 字节）。",
      "--per-second": "所有连接合计每秒多少次操作（默认：尽可能多）。",
      "--connect-timeout": "连接最多可以花多久。",
      "--workers": "分担各连接的事件循环数。",
      "--ready-file": "开始监听后，把绑定的地址写到这里。",
      "--json": "在标准输出上每行打印一个事件。",
      "--quiet": "只打印结果。",
    ]) { $1 }
  )
}
