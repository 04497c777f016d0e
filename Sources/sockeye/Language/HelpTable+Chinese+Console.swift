/// What help says in Chinese of the console.
extension HelpTable {
  static let console = HelpTexts(
    abstract: "网络调试助手：在浏览器里手工收发 TCP、UDP、TLS 和 Unix 套接字的数据。",
    discussion: """
        sockeye console
        sockeye console --listen 127.0.0.1:8890 --directory records
        echo '{"op":"hello"}' | sockeye console --stdio
        sockeye console --state console.json
        sockeye console --stack tun:sock0=10.9.0.2/24

      打印一个网址，用浏览器打开即可。页面全部来自本程序，不需要网络。除非 --listen 另有指定，只有本机能够连接，而且只有知道网址的人；\
      到浏览器的一路上不加密。

      用了 --stdio 或 --session，就没有页面，除非 --listen 要求：程序有同样的操作，每行一个 JSON 对象（见 Documentation/Console.md）。
      """,
    arguments: [
      "--listen": "页面在哪里（默认：只对本机，任一空闲端口）。",
      "--directory": "记录写到哪里（默认：当前目录）。",
      "--state": "把会话和页面的设置保存在这个文件里，下次启动时恢复。",
      "--session": "打开这个文件里的会话，并打印所发生的事，每行一个事件。",
      "--stdio": "从标准输入读取请求；回答和事件写到标准输出。",
      "--ready-file": "开始监听后，把网址写到这里。",
    ].merging(network.filter { $0.key == "--stack" }) { own, _ in own }
  )
}
