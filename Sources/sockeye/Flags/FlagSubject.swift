import SockeyeText

/// What a call is about: the place that it speaks to or serves, or what it sums up. Which flags mean something depends
/// on it.
enum FlagSubject: String, CaseIterable {
  case tcp, tls, udp, unix
  case ports = "several ports"
  case proxyServer = "proxy server"
  case unixDatagram = "unix datagrams"
  case tlsOverUnix = "tls over unix"
  case http, https
  case bareName = "bare name"
  case text, file
  case standardInput = "standard input"

  /// The subject as an error names it.
  var name: Phrase {
    switch self {
    case .tcp: Phrase("plain TCP", zh: "不加密的 TCP")
    case .tls: .literal("TLS")
    case .udp: .literal("UDP")
    case .unix: Phrase("a Unix domain socket", zh: "Unix 域套接字")
    case .unixDatagram: Phrase("datagrams over a Unix domain socket", zh: "Unix 域套接字上的数据报")
    case .tlsOverUnix: Phrase("TLS over a Unix domain socket", zh: "Unix 域套接字上的 TLS")
    case .ports: Phrase("several ports", zh: "多个端口")
    case .proxyServer: Phrase("a proxy server", zh: "代理服务器")
    case .http: .literal("HTTP")
    case .https: .literal("HTTPS")
    case .bareName: Phrase("the bare-name protocol", zh: "裸文件名协议")
    case .text: Phrase("text", zh: "文本")
    case .file: Phrase("a file", zh: "文件")
    case .standardInput: Phrase("standard input", zh: "标准输入")
    }
  }

  /// The names of several, for the middle of a sentence.
  static func names(_ subjects: Set<FlagSubject>) -> Phrase {
    let names = allCases.filter(subjects.contains).map(\.name)
    return Phrase(
      names.map(\.english).joined(separator: " or "),
      zh: names.map(\.chinese).joined(separator: "或")
    )
  }
}
