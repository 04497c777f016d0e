internal import SockeyeText

/// The sentences in Chinese.
extension GatewaySentence {
  var chinese: String {
    switch self {
    case .noPath(let reason): "无法建立路径：\(reason)"
    case .cannotListenAtEnd(let reason): "无法在路径的末端监听：\(reason)"
    case .cannotCross(let reason): "有一个连接无法穿过路径：\(reason)"
    case .noTarget(let endpoint): "无法解析 \(endpoint)；请检查名字"
    case .badControlSocket(let endpoint): "\(endpoint)：控制套接字要写成 unix:PATH"
    case .badTimetableLine(let number): "时间表第 \(number) 行：要写成“at 10s loss=5%”"
    case .badTimetableChange(let number, let problem): "时间表第 \(number) 行：\(problem.chinese)"
    case .cannotChange(let text): "“\(text)”：运行时可以改变数据包的损伤；mtu、reset、close 和 silence 不能改变"
    case .faultTakesSize(let part, let key): "“\(part)”：\(key) 需要一个大小，例如 64KiB：在此之前让字节流通过多少"
    case .badMTU(let part): "“\(part)”：mtu 是 576 到 65535 的数字，两个方向相同"
    case .cannotBegin(let reason): "网关无法启动：\(reason)"
    case .badRule(let text): "“\(text)”：规则写主机名、*.域名、地址，或者 192.0.2.0/24 这样的网络"
    case .badRulePorts(let text): "“\(text)”：端口是 1 到 65535 的数字，或者用“-”连接的两个端口"
    case .badPublishedPort(let text): "“\(text)”：要发布的端口写成 [ADDRESS:]PORT[:PORT][/udp]，本机的端口在前"
    case .wrongImpairment(let problem): "\(problem.chinese)；见“sockeye impair --help”"
    }
  }
}
