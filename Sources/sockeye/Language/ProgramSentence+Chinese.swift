import SockeyeDownload
import SockeyeGateway
import SockeyeText
import SockeyeTransport

/// The sentences in Chinese.
extension ProgramSentence {
  var chinese: String {
    switch self {
    case .cannotRead(let path, let reason): "无法读取 \(path)：\(reason.chinese)；请检查名字"
    case .logFailed(let reason): "日志无法再写入：\(reason.chinese)；对话继续"
    case .datagramFrom(let peer, let source): "\(peer)：来自 \(source)："
    case .emptyDatagram(let peer): "\(peer) 发来一个空的数据报"
    case .datagramCut(let peer, let length): "\(peer) 发来的数据报被截断为 \(length) 字节；见 --max-datagram"
    case .maxClientsAboveZero: "--max-clients 是大于 0 的数字"
    case .replyRateAboveZero: "--reply-rate 是大于 0 的数字"
    case .repliesNotNegative: "--replies 是一个数字；0 表示不限"
    case .drainingClients: "sockeye: 不再接受新的客户端；已经来的继续服务，再按一次 ^C 立即结束"
    case .clientReset: "客户端复位了连接；它所说的可能不完整"
    case .clientSilent: "客户端不再应答；请检查网络"
    case .clientIdle: "在 --idle 允许的时间内没有人说话"
    case .ttlRange: "--ttl 是 0 到 255 的数字"
    case .recordNeedsOutput: "--record - 需要独占标准输出；请加 -o FILE"
    case .maxDatagramRange: "--max-datagram 是 1 到 65535 的大小"
    case .maxFrameRange: "--max-frame 是 1 到 1GiB 的大小"
    case .notMulticast(let text): "“\(text)”不是多播地址；多播地址是 224.0.0.0/4 和 ff00::/8"
    case .recordLacks(let path, let count): "\(path) 缺少 \(count) 个数据包：磁盘跟不上"
    case .cannotWriteFile(let path, let reason): "无法写入 \(path)：\(reason.chinese)；请换一个文件"
    case .countAboveZero: "--count 是大于 0 的数字"
    case .totalAboveZero: "--total 是大于 0 的时间"
    case .retryNotNegative: "--retry 是不小于 0 的数字"
    case .endingClient: "sockeye: 已说的话送出之后就结束；再按一次 ^C 立即结束"
    case .transferSizeRange: "--size 是 1 字节到 1TiB"
    case .keepsOneTransfer(let flag): "\(flag) 只保存一次传输；请只给出一个 --congestion"
    case .badImpairment(let problem): "--impair、--rate 或 --loss：\(problem.chinese)；例如 --impair loss=1%,queue=256KiB"
    case .noAlgorithm(let name): "没有算法“\(name)”；可用的有 cubic、newreno 和 bbr"
    case .verdictCountRange: "--count 是 1 到 100000 的数字"
    case .verdictsRight(let place, let right, let total): "\(place.chinese)：\(total) 次中 \(right) 次正确"
    case .widthRange: "--width 是 60 到 1000 的数字"
    case .streamAboveZero: "--stream 是表中的编号，从 1 开始"
    case .captureProblem(let file, let problem): "sockeye: \(file)：\(problem.chinese)；显示的是在此之前的内容"
    case .noConnection(let number, let count): "没有连接 \(number)；这个抓包文件里有 \(count) 个"
    case .judgedByFirst(let missed): "判断依据是最前面的报文段；另有 \(missed) 个没有计入"
    case .segmentsNotDrawn(let missed): "另有 \(missed) 个报文段没有画出"
    case .captureOrInterface: "抓包文件与实时观察互相排斥；请只给出一个"
    case .nothingToWatch: "请给出要看的抓包文件，或 --interface，或 --pid，或写在 -- 后面的命令"
    case .recordCommandFirst: "命令是实时显示的；要这样，请先用“sockeye run --capture FILE -- …”，再用“sockeye watch FILE”"
    case .cannotWatchCommand(let reason): "无法监视命令：\(reason.chinese)"
    case .drawsOneConnection(let flag, let count): "\(flag) 只针对 \(count) 个连接中的一个；请用 --stream 选择"
    case .pageDrawsTCP(let scenario): "--html 画的是 TCP，而“\(scenario)”讲的是数据报；请去掉 --html"
    case .eventsNotIn(let file, let missed): "另有 \(missed) 个事件不在 \(file) 里"
    case .followed(let first, let second): "→ 来自 \(first)，← 来自 \(second)"
    case .followedOne(let number, let count): "第 \(number) 个连接，共 \(count) 个；用 --stream 选择其他的"
    case .pidAboveZero: "--pid 是进程的编号，从 1 起"
    case .watchingProcess(let number): "正在观察进程 \(number)；按 ^C 结束"
    case .seeProcessAsRoot: "查看一个进程的数据包需要 root，或 CAP_NET_RAW；别人的进程还需要 CAP_SYS_PTRACE 和 CAP_SYS_ADMIN"
    case .seeProcesses: "“ps -e”列出所有进程"
    case .watching(let interface): "正在观察 \(interface)；按 ^C 结束"
    case .packetsMissed(let count): "\(count) 个数据包经过得太快，没有看到"
    case .seePacketsAsRoot: "查看数据包需要 root 或 CAP_NET_RAW 权能；或者用 tcpdump -w 写一个抓包文件，再看它"
    case .maxStreamsAboveZero: "--max-streams 是大于 0 的数字"
    case .everyRangeOrNone: "--every 是不短于 1ms 的时长，或 0s"
    case .tunTwice: "--tun 要给出两次：网络有两端"
    case .impairWords: "请写 LISTEN TARGET SPEC，例如 8080 example.com:80 delay=50ms,loss=1%"
    case .impairSpecificationAlone: "有 --tun 时，只写 SPEC"
    case .faultsBetweenDevices: "reset、close 和 silence 用于字节流，而设备之间是数据包"
    case .faultsOfDatagrams: "reset、close 和 silence 用于字节流，而这里是数据报"
    case .tlsPassesAsItIs: "TLS 原样通过；请写 tcp://，或什么都不写"
    case .datagramsToDatagrams: "数据报只能去往数据报；请在两者前面都写 udp://"
    case .noTCP: "其中没有 TCP 连接"
    case .packetsNotTCP(let count): "\(count) 个数据包不是 TCP"
    case .segmentsUnlisted(let count): "另外的连接还有 \(count) 个报文段"
    case .noScenario(let name): "没有场景“\(name)”；“sockeye lab list”列出所有场景，文件要写成 ./\(name)"
    case .notCapture(let path): "\(path) 既不是 pcap 也不是 pcapng；请给出 tcpdump -w 所写的抓包文件"
    case .mtuRange: "--mtu 是 68 到 65535 的数字"
    case .commandBehindDashes: "请把命令写在 -- 后面，例如“sockeye run -- date”"
    case .notANameServer(let text): "“\(text)”：名字服务器是一个地址，可以加 :PORT"
    case .hostTakesPair(let text): "“\(text)”：--host 要写成 NAME=ADDRESS"
    case .impairedTwice(let text): "“\(text)”：其余目的地只有一个 --impair；更多的需要 @规则"
    case .longestPacketOfSome(let text): "“\(text)”：mtu 属于整个网络，不能带 @规则"
    case .faultsOfPackets(let text): "“\(text)”：命令的网络只有数据包；reset、close 和 silence 是针对字节流的"
    case .linkRateRange: "--rate 是每秒 1 字节到 64 TiB"
    case .seed(let seed): "种子 \(seed)"
    case .notExecuted(let name, let reason): "sockeye: \(name): \(reason.chinese)"
    case .mtuForIPv6: "IPv6 要求 MTU 至少为 1280；请提高 --mtu"
    case .notHostAddress(let address): "\(address) 不是主机在网络上可以拥有的地址"
    case .notGateway(let text): "“\(text)”不是地址；--gateway 需要一个 IPv4 或 IPv6 地址"
    case .portTwice(let port, let flag): "端口 \(port) 被要求了两次；请给 --\(flag) 另一个端口"
    case .everyRange: "--every 是不短于 1ms 的时长"
    case .tlsTakesAuto: "--tls 只接受“auto”；要用自己的证书，请用 --certificate 和 --key"
    case .noStateFolder: "XDG_STATE_HOME 和 HOME 都没有设置：证书只在这次启动有效。"
    case .certificateNotKept(let path): "无法写入 \(path)：证书只在这次启动有效。"
    case .passwordPrompt(let user): "\(user) 的密码："
    case .noPassword: "没有给出密码；请输入一个，或在标准输入上给出一行"
    case .cannotWriteLog(let path, let reason): "无法写入日志 \(path)：\(reason.chinese)；请检查文件夹"
    case .logLinesDropped(let count): "访问日志丢弃了 \(count) 行；磁盘太慢"
    case .workersRange: "--workers 是 1 到 256 的数字"
    case .waitingForConnections(let count): "等待 \(count) 个连接结束；再中断一次立即结束。"
    case .uploadNeedsDirectory: "--upload 需要一个可以放文件的目录；请只写它"
    case .confined(let ports):
      "sockeye: 已限制在所提供的内容之内：没有别的文件，不能运行程序\(ports ? "，没有别的端口，不能向外连接" : "")"
    case .unconfined(let reason): "sockeye: 没有受到限制（\(reason.chinese)）"
    case .noDirectory: "没有指定目录，而这里不是终端；要提供当前目录，请写“sockeye serve .”"
    case .reloaded: "已重新读取证书和密码。"
    case .certificateFingerprint(let digest): "证书的 SHA-256 是 \(digest)"
    case .metricsAt(let address): "指标在 http://\(address)/metrics"
    case .serviceRateRange: "--rate 每秒至少 1KiB"
    case .maxClientsRange: "--max-clients 至少为 1"
    case .maxPerAddressRange: "--max-per-address 至少为 1"
    case .connectionsRange: "--connections 是 1 到 16 的数字"
    case .retryRange: "--retry 不小于 0"
    case .rateRange: "--rate 每秒至少 1 字节"
    case .outputForOne: "-o 只用于一个 URL；多个请用 -d"
    case .urlOrInput: "请给出 URL，或用 --input 给出它们的列表"
    case .inLine(let path, let number, let reason): "“\(path)”第 \(number) 行：\(reason.chinese)"
    case .putNeedsBoth: "请写出要上传什么，再写出上传到哪个 URL"
    case .manyNeedFolder(let url): "多个文件要放进一个文件夹：请让“\(url)”以斜杠结尾"
    case .notAllUploaded: "没有全部上传成功"
    case .isThereAlready(let url): "\(url) 已经在那里，SHA-256 相同"
    case .fileSent(let url, let size, let rate, let assurance):
      "\(url)：\(size)\(rate.map { "，\($0)" } ?? "")，\(assurance.uploadPhrase.chinese)"
    case .folderSent(let files, let size, let skipped):
      "\(files) 个文件，\(size)\(skipped > 0 ? "；\(skipped) 个已经在那里" : "")"
    case .notAllDownloaded: "没有全部下载成功"
    case .cannotWriteReadyFile(let path, let reason): "无法写入就绪文件 \(path)：\(reason.chinese)；请检查文件夹"
    case .cannotReadSessions(let path, let reason): "无法读取“\(path)”：\(reason.chinese)"
    case .cannotWriteOutput(let reason): "无法写到标准输出：\(reason.chinese)；请把它换到别处"
    case .noVerb(let verb, let nearest):
      "sockeye: 没有动词“\(verb)”；\(nearest.map { "是不是“\($0)”？" } ?? "见“sockeye --help”")"
    case .wrongCall(let problem, let command):
      "sockeye: \(problem)；见“\(command) --help”"
    case .of(let subject, let phrase):
      "\(subject)：\(phrase.chinese)"
    case .cannotReadInput(let reason):
      "无法读取标准输入：\(reason.chinese)；请检查它"
    case .cannotWrite(let path, let reason):
      "无法写入 \(path)：\(reason.chinese)；请检查名字"
    case .cannotUse(let path, let reason, let isWriting):
      "无法\(isWriting ? "写入" : "读取") \(path)：\(reason.chinese)；请检查它的名字和权限"
    case .cannotWriteTheOutput(let reason):
      "无法写入输出：\(reason.chinese)；请检查磁盘和读取的一方"
    case .cannotWriteTheLog(let reason):
      "无法写入日志：\(reason.chinese)；请检查磁盘和读取的一方"
    case .listening(let addresses):
      "正在监听 \(addresses.joined(separator: " 和 "))"
    case .retrying(let failure, let pause, let attempt, nil): "\(failure.chinese)；\(pause) 之后再试（第 \(attempt) 次）"
    case .retrying(let failure, let pause, let attempt, let total?):
      "\(failure.chinese)；\(pause) 之后再试（第 \(attempt) 次，共 \(total) 次）"
    case .datagramsComeFrom(let peer):
      "\(peer)：数据报来自那里；UDP 不建立连接"
    case .datagramsGoTo(let peer):
      "\(peer)：数据报发往那里；UDP 不建立连接"
    case .connected(let peer):
      "\(peer) 已连接"
    case .proxyIsOpen: "sockeye: 能到达这个端口的人都可以使用代理；--auth-file 规定谁可以，127.0.0.1:PORT 只供本机使用"
    case .proxied(let client, let name, let target?): "\(client)：\(target)，经由 \(name)"
    case .proxied(let client, _, nil): "\(client)：数据报"
    case .notProxied(let client, let target, let reason): "\(client)：\(target)：\(reason.chinese)"
    case .noSuchName: "没有这个主机"
    case .proxyFault(let client, .tooSlow): "\(client)：迟迟不说要什么"
    case .proxyFault(let client, .unknownProtocol): "\(client)：说的既不是 SOCKS 5，也不是 HTTP"
    case .proxyFault(let client, .notUser): "\(client)：不是用户，或密码不对"
    case .proxyFault(let client, .notServed): "\(client)：要的是这里不提供的"
    case .proxyIsFull(let client): "\(client)：被请走，客户端已经够多"
    case .scanned(let place, let open, let closed, let filtered):
      "\(place)：开放 \(open)，关闭 \(closed)，被过滤 \(filtered)"
    case .severalPortsNeedProbe: "多个端口只能探测；请加上 -z，或只写一个"
    case .connectedThrough(let peer, let proxy): "\(peer) 已连接，经由代理 \(proxy)"
    case .secured(let peer, let version, let cipher, let agreed):
      "\(peer)：\(version)\(cipher.map { "，\($0)" } ?? "")\(agreed.map { "，ALPN \($0)" } ?? "")"
    case .certificate(let subject, let issuer, let lastDay, let days):
      "  证书：\(subject)，由 \(issuer) 颁发，有效至 \(lastDay)（\(days) 天）"
    case .hasItsTurn(let peer):
      "轮到 \(peer) 了"
    case .waits(let peer, let ahead):
      "\(peer) 在排队，前面有 \(ahead) 个"
    case .peerFinished(let peer, let time):
      "\(peer) 没有更多要说的了：它的 FIN 于 \(time) 到达"
    case .weFinished(let peer, let time):
      "要对 \(peer) 说的都已说完：我方的 FIN 于 \(time) 发出"
    case .peerEndedStream(let peer, let time): "\(peer) 没有更多要说的了：它于 \(time) 结束了自己的字节流"
    case .weEndedStream(let peer, let time): "要对 \(peer) 说的都已说完：我方于 \(time) 结束了字节流"
    case .peerEndedIt: "对方结束"
    case .peerLeft: "对方没有听完就离开了"
    case .peerEndedFirst(let theirs, let ours): "对方的字节流先结束，于 \(theirs)；我方的于 \(ours)"
    case .weEndedFirst(let ours, let theirs): "我方的字节流先结束，于 \(ours)；对方的于 \(theirs)"
    case .exchanged(let received, let sent, let seconds):
      "\(seconds) 内收到 \(received) 字节，发送 \(sent) 字节"
    case .closed(let peer, let cause, let ending, let figures):
      "\(peer) 已关闭：\(cause.chinese)\(ending.map { "（\($0.chinese)）" } ?? "")；\(figures.chinese)"
    case .activeClose(let ours, let theirs):
      "主动关闭：我方的 FIN 在先，于 \(ours)；对方的于 \(theirs)"
    case .activeCloseUnanswered(let ours):
      "主动关闭：我方的 FIN 于 \(ours)；对方没有发送 FIN"
    case .passiveClose(let theirs, let ours):
      "被动关闭：对方的 FIN 在先，于 \(theirs)；我方的于 \(ours)"
    case .passiveCloseUnanswered(let theirs):
      "被动关闭：对方的 FIN 于 \(theirs)"
    case .simultaneousClose(let ours, let theirs):
      "同时关闭：我方的 FIN 于 \(ours)，对方的与它交错，于 \(theirs) 到达"
    case .resetByUs:
      "由我方复位"
    case .resetByPeer:
      "由对方复位"
    case .noClients:
      "没有客户端"
    case .client(let peer, let isWaiting, let received, let sent):
      "\(peer)\(isWaiting ? "（排队）" : "")：收到 \(received) 字节，发送 \(sent) 字节"
    case .endsInsidePacket:
      "在一个数据包的中间结束"
    case .isDamaged:
      "已损坏"
    case .noData:
      "没有发送数据，谈不上慢。"
    case .peerFirst:
      "对方的 FIN 在先（被动关闭）"
    case .weFirst:
      "我方的 FIN 在先（主动关闭）"
    case .peerSilent:
      "对方不再应答"
    case .socketError(let error):
      error
    case .serviceConnected(let service, let peer):
      "\(service.rawValue)：\(peer) 已连接"
    case .serviceClosed(let service, let peer, let ending):
      "\(service.rawValue)：\(peer) 已关闭：\(ending.chinese)"
    case .measured(let transfer):
      "\(transfer.service.rawValue)：\(transfer.peer) \(transfer.service == .source ? "收到" : "发来") \(transfer.bytes) 字节，"
        + "用时 \(transfer.seconds) s，\(transfer.rate)\(transfer.digest.map { "，sha256 \($0)" } ?? "")"
    case .hostIsUp(let device, let addresses, let services):
      "在 \(device) 上，地址为 \(addresses.joined(separator: " 和 "))"
        + (services.isEmpty ? "。" : "：\(services.joined(separator: "、"))。")
    case .cannotUseFile(let problem):
      "\(problem.chinese)；请换一个地方"
    case .cannotUseDevice(let problem, let advice):
      "\(problem.chinese)；\(advice.chinese)"
    case .runAsRoot:
      "请以 root 运行，或具备 CAP_NET_ADMIN 权能；或见“sockeye host --help”"
    case .loadModule:
      "请加载内核模块 tun"
    case .deviceIsTaken:
      "另一个程序占用着它；请换一个名字"
    case .makeDevice:
      "如果它已存在，请用“ip tuntap add NAME mode tun vnet_hdr”创建它，或不用卸载"
    case .seeLinks:
      "见“ip link”"
    case .serving(let directory, let urls):
      "正在提供 \(directory)：\(urls.first ?? "没有别人能到达的地址")"
        + urls.dropFirst().map { "\n  以及 \($0)" }.joined()
    case .notReloaded(let reason):
      "sockeye: 没有重新读取：\(reason.chinese)"
    case .goingOn(let file, let offset):
      "\(file)：从 \(offset) 处继续"
    case .redirected(let place):
      "重定向到 \(place)"
    case .renamed(let from, let to):
      "名字“\(from)”保存为“\(to)”"
    case .tryingAgain(let failure, let attempt, let milliseconds):
      "\(failure.chinese)；\(milliseconds) ms 之后第 \(attempt) 次尝试"
    case .startingAgain(let reason):
      "重新开始：\(reason.chinese)"
    case .leftAsItIs(let file):
      "\(file) 已存在，保持原样"
    case .fileDone(let file, let size, let rate, let assurance):
      "\(file)：\(size)\(rate.map { "，\($0)" } ?? "")，\(assurance.chinese)"
    case .folderDone(let files, let size, let skipped):
      "\(files) 个文件，\(size)\(skipped > 0 ? "，\(skipped) 个早已存在" : "")"
    case .flagIsFor(let flag, let right, let subjects, let remedy):
      "\(flag) 用于\(FlagSubject.names(right).chinese)，而这里是\(FlagSubject.names(subjects).chinese)；"
        + remedy.phrase.chinese
    case .flagGoesWith(let flag, let others):
      "\(flag) 要与 \(others.joined(separator: " 或 ")) 同用；请加上它，或去掉 \(flag)"
    case .flagsExclude(let flag, let other):
      "\(flag) 与 \(other) 互相排斥；请去掉一个"
    case .flagStandsAlone(let flag, let other):
      "\(flag) 只能单独使用；请去掉 \(other)"
    case .flagTakes(let flag, let right, let value, let subject):
      "\(flag) 接受\(FlagSubject.names(right).chinese)，而 \(value) 是\(subject.name.chinese)"
    case .flagIsNotFor(let flag, let reason):
      "\(flag)：\(reason.chinese)"
    case .serverAsksForNone:
      "除非给出 --ca，服务器不要求证书；请去掉它"
    case .accessLogFailed(let reason): "sockeye: 无法写入访问日志：\(reason.chinese)；在恢复之前，它的各行都会丢失"
    case .programIsEnding: "程序正在结束"
    case .closedAtOnce(let endpoint): "\(endpoint) 立即关闭了连接"
    case .closedAtOnceByOther(let endpoint): "\(endpoint) 立即关闭了连接；它是“sockeye bench --serve”吗？"
    case .notBenchServer(let endpoint): "\(endpoint) 不是“sockeye bench --serve”；请在那里启动一个，或用 --mode http"
    case .cannotConnect(let endpoint, let reason): "无法连接 \(endpoint)：\(reason)"
    case .cannotMeasure(let endpoint, let reason): "无法测量 \(endpoint)：\(reason.chinese)"
    case .noConnectionStands: "没有建立任何连接"
    case .benchConnectionsRange: "--connections 是 1 到 100000 的数字"
    case .perSecondRange: "--per-second 是 1 到 10000000 的数字"
    case .benchDurationRange: "--for 是 1ms 到 24h"
    case .benchSizeRange(let sizes): "--size 是 \(sizes.lowerBound) 到 \(sizes.upperBound) 字节"
    }
  }
}
