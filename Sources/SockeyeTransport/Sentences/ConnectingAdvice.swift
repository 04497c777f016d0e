import Glibc
import SockeyeText

/// What to do about connections that could not be made.
enum ConnectingAdvice: Sentence {
  case startServer, checkNetwork, checkPath, checkPorts

  /// The advice for the codes that all attempts ended with, where there is one for them.
  init?(_ codes: Set<CInt>) {
    switch codes {
    case [ECONNREFUSED]: self = .startServer
    case [ENETUNREACH], [EHOSTUNREACH]: self = .checkNetwork
    case [ENOENT]: self = .checkPath
    case [EADDRNOTAVAIL], [EADDRINUSE]: self = .checkPorts
    default: return nil
    }
  }

  var english: String {
    switch self {
    case .startServer: "is the server running, and on that port?"
    case .checkNetwork: "check the network and the address"
    case .checkPath: "check the path"
    case .checkPorts: "has this machine an address of that family, and a free port? ('ip address', 'ss -tan')"
    }
  }

  var chinese: String {
    switch self {
    case .startServer: "服务器在运行吗，是那个端口吗？"
    case .checkNetwork: "请检查网络和地址"
    case .checkPath: "请检查路径"
    case .checkPorts: "本机有那个地址族的地址和空闲的端口吗？（“ip address”、“ss -tan”）"
    }
  }
}
