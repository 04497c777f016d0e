import SockeyeText

/// What there is to say to people of proxies.
enum ProxySentence: Sentence {
  case bad(_ text: String)
  case needsName(_ proxy: ProxyServer)
  case refusesName(_ proxy: ProxyServer)
  case refuses(_ proxy: ProxyServer, _ target: String, _ answer: String)
  case fails(_ proxy: ProxyServer, _ target: String, _ reason: Phrase)
  case headTooLong(_ proxy: ProxyServer)
  case notProxy(_ proxy: ProxyServer)
  case silent(_ proxy: ProxyServer, _ limit: String)
  case closes(_ proxy: ProxyServer)
  case speaksFirst(_ proxy: ProxyServer)
  case tooLongForSOCKS(_ proxy: ProxyServer)
  case through(_ target: String, _ reason: Phrase)
  case failed(_ target: String, _ reason: String)
  case noSocketPaths

  var english: String {
    switch self {
    case .bad(let text): "'\(text)': a proxy is http://HOST:PORT or socks5://HOST:PORT"
    case .needsName(let proxy): "\(proxy) asks who you are; --proxy-auth-file FILE says so"
    case .refusesName(let proxy): "\(proxy) doesn't accept the name and password; check --proxy-auth-file"
    case .refuses(let proxy, let target, let answer): "\(target): \(proxy) answers \(answer)"
    case .fails(let proxy, let target, let reason): "\(target): \(proxy) can't connect: \(reason.english)"
    case .headTooLong(let proxy): "\(proxy): the answer's header fields are too long"
    case .notProxy(let proxy): "\(proxy): what answers there is no such proxy"
    case .silent(let proxy, let limit):
      "\(proxy): the proxy has made no connection within \(limit); --connect-timeout allows more"
    case .closes(let proxy): "\(proxy): the proxy closed the connection"
    case .speaksFirst(let proxy): "\(proxy): the proxy sends something in the server's name before that was asked"
    case .tooLongForSOCKS(let proxy): "\(proxy): the host, name or password is longer than SOCKS can say, 255 bytes"
    case .through(let target, let reason): "\(target), through a proxy: \(reason.english)"
    case .failed(let target, let reason): "\(target): \(reason)"
    case .noSocketPaths: "a proxy reaches HOST:PORT, and no Unix domain sockets; leave --proxy out"
    }
  }

  var chinese: String {
    switch self {
    case .bad(let text): "“\(text)”：代理写作 http://HOST:PORT 或 socks5://HOST:PORT"
    case .needsName(let proxy): "\(proxy) 要求说明身份；请用 --proxy-auth-file FILE"
    case .refusesName(let proxy): "\(proxy) 不接受这个名字和密码；请检查 --proxy-auth-file"
    case .refuses(let proxy, let target, let answer): "\(target)：\(proxy) 回答 \(answer)"
    case .fails(let proxy, let target, let reason): "\(target)：\(proxy) 无法连接：\(reason.chinese)"
    case .headTooLong(let proxy): "\(proxy)：回答的头字段太长"
    case .notProxy(let proxy): "\(proxy)：那里回答的不是这种代理"
    case .silent(let proxy, let limit): "\(proxy)：代理在 \(limit) 内没有建立连接；--connect-timeout 可以放宽"
    case .closes(let proxy): "\(proxy)：代理关闭了连接"
    case .speaksFirst(let proxy): "\(proxy)：还没有向服务器请求，代理就以它的名义发来内容"
    case .tooLongForSOCKS(let proxy): "\(proxy)：主机、名字或密码超过了 SOCKS 所能表达的 255 字节"
    case .through(let target, let reason): "\(target)，经由代理：\(reason.chinese)"
    case .failed(let target, let reason): "\(target)：\(reason)"
    case .noSocketPaths: "代理能到达 HOST:PORT，不能到达 Unix 域套接字；请去掉 --proxy"
    }
  }
}

extension Failure {
  /// A failure that a sentence about proxies tells.
  init(_ kind: Kind, _ sentence: ProxySentence) { self.init(kind, sentence.phrase) }
}
