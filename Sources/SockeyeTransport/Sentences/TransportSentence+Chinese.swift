import SockeyeText

/// The sentences in Chinese.
extension TransportSentence {
  var chinese: String {
    switch self {
    case .cannotAccept(let reason): "无法接受连接：\(reason.chinese)；新来的连接只能等待（见“ulimit -n”）"
    case .programIsEnding: "程序正在结束"
    case .localFamilyDiffers(let endpoint): "本地地址与 \(endpoint) 不属于同一地址族"
    case .notHost(let text): "“\(text)”不是主机；请写 HOST PORT 或 HOST:PORT"
    case .badEndpoint: "端点要写成 HOST:PORT、HOST PORT、:PORT、PORT、unix:PATH、unix:@NAME 或 unixgram:PATH"
    case .badSocketPath(let text, let longest): "“\(text)”：套接字的路径为 1 到 \(longest) 字节"
    case .badScheme(let text): "“\(text)”：方案只能是 tcp、udp 或 tls"
    case .openBracket(let text): "“\(text)”：方括号没有闭合；请写 [ADDRESS]:PORT"
    case .badIPv6Endpoint(let text): "“\(text)”：IPv6 端点要写成 [ADDRESS]:PORT"
    case .missingPort(let text): "“\(text)”没有端口；请写 HOST:PORT"
    case .badHost(let text, let host): "“\(text)”：“\(host)”既不是主机名也不是地址"
    case .badPort(let text, let port): "“\(text)”：端口是 0 到 65535 的数字，而不是“\(port)”"
    case .socketInUse(let path): "\(path) 正被另一个服务器使用；换一个路径，或者删除它"
    case .needsRights(let endpoint): "\(endpoint) 需要比这个用户更高的权限；请用 1023 以上的端口"
    case .notOwnAddress(let endpoint): "\(endpoint) 不是本机的地址；“ip address”列出本机的地址"
    case .noFolder(let endpoint): "\(endpoint)：没有这个文件夹；请先创建它"
    case .cannotListen(let endpoint, let reason): "无法在 \(endpoint) 上监听：\(reason.chinese)"
    case .noAnswer(let endpoint, let limit): "\(endpoint) 在 \(limit) 内没有应答；它在运行吗，还是被防火墙挡住了？"
    case .noAnswerBecause(let endpoint, let limit, let details): "\(endpoint) 在 \(limit) 内没有应答：\(details.chinese)"
    case .cannotWatch(let reason): "无法监视套接字：\(reason.chinese)；请关闭一些连接"
    case .cannotSendDatagrams(let address, let reason): "无法向 \(address) 发送数据报：\(reason.chinese)"
    case .noThread(let reason): "无法启动线程：\(reason.chinese)"
    case .noMulticasts: "只有内核的 UDP 才有多播和广播；请去掉 --stack"
    case .badLabel(let text, let host): "“\(text)”不能作为主机名的一部分；请检查“\(host)”"
    case .noInterface(let name): "没有接口“\(name)”；“ip link”列出所有接口"
    case .portInUseBy(let port, let name, let process): "端口 \(port) 已被占用（\(name)，进程 \(process)）；换一个端口，或用 --reuse-port"
    case .portHasConnection(let port, let name, let process, let state):
      "端口 \(port) 已被占用：\(name)（进程 \(process)）在那里有一个处于 \(state) 的连接；结束它，或换一个端口"
    case .portWaits(let port, let seconds):
      "端口 \(port) 还要处于 TIME-WAIT \(seconds) s：先关闭连接的服务器把它留在这个状态；请等待，或让那个服务器在绑定之前设置 SO_REUSEADDR（--reuse-port 没有用）"
    case .localPortInUseBy(let port, let name, let process):
      "本地端口 \(port) 已被占用（\(name)，进程 \(process)）；请用 --bind 给出另一个端口，或只给地址"
    case .localPortInUse(let port): "本地端口 \(port) 已被占用；请用 --bind 给出另一个端口，或只给地址"
    case .localPortWaits(let port, let seconds):
      "本地端口 \(port) 还要处于 TIME-WAIT \(seconds) s：我方先关闭了从那里发起的连接；请等待，或用 --bind 给出另一个端口，或只给地址"
    case .localPortWasConnected(let port):
      "从本地端口 \(port) 到那里的连接已经存在，或处于 TIME-WAIT；请用 --bind 给出另一个端口，或只给地址"
    case .localPortNeedsRights(let port): "从端口 \(port) 发起需要比这个用户更高的权限；请用 --bind 给出 1023 以上的端口"
    case .notOwnLocalAddress(let address): "本地一端要用的 \(address) 不是本机的地址；“ip address”列出本机的地址"
    case .portInUse(let port): "端口 \(port) 已被占用；换一个端口，或用 --reuse-port"
    case .lookUpEnded: "没有能够查询这个名字：程序正在结束"
    case .noNameServer(let name): "无法解析 \(name.chinese)：没有域名服务器应答；请检查网络和名字"
    case .noSuchHost(let name): "无法解析 \(name.chinese)：没有这个主机；请检查名字"
    case .noIPv4(let name): "无法解析 \(name.chinese)：它没有 IPv4 地址；请去掉 -4 再试"
    case .noIPv6(let name): "无法解析 \(name.chinese)：它没有 IPv6 地址；请去掉 -6 再试"
    case .cannotResolve(let name, let reason): "无法解析 \(name.chinese)：\(reason)"
    case .notLookedUp(let name): "“\(name.chinese)”不是地址，而且不解析名字（-n）"
    case .socketPathTooLong(let path): "“\(path)”作为套接字的路径太长；请用短一些的"
    case .cannotInherit(let descriptors, let reason): "无法在继承来的描述符 \(descriptors) 上监听：\(reason)"
    case .portZero: "无法连接端口 0；请写出监听者的端口"
    case .localFamilyIsOther: "本地地址属于另一个地址族"
    case .cannotConnect(let endpoint, let reason): "无法连接 \(endpoint)：\(reason)"
    case .datagramsNeedPort(let endpoint): "\(endpoint)：数据报需要主机和不为 0 的端口"
    case .noInheritance: "只有内核的 TCP 才能接管套接字；请去掉 --stack"
    case .noUnixSockets: "只有内核才有 Unix 域套接字；请去掉 --stack"
    case .badLocalEnd(let endpoint): "\(endpoint)：本地端是一个地址，或地址和端口"
    case .noAddress(let endpoint): "无法在 \(endpoint) 上监听：它没有地址"
    case .cannotConnectTo(let endpoint, let details, let advice):
      "无法连接 \(endpoint)：\(details.chinese)\(advice.map { "；\($0.chinese)" } ?? "")"
    case .addressFailed(let address, let reason): "\(address)：\(reason.chinese)"
    case .reasonAt(let reason, let address): "\(reason.chinese)（\(address)）"
    case .refused: "被拒绝"
    case .reset: "被对方复位"
    case .unanswered: "没有应答"
    case .unansweredInTime: "没有及时应答"
    case .unreachable: "不可达"
    case .noSuchSocket: "没有这个套接字"
    case .lookUpTooSlow(let host): "查询 \(host.chinese) 的时间太长；请检查域名服务器"
    case .lookUpFailed(let host, let reason): "无法查询 \(host.chinese)：\(reason)"
    }
  }
}
