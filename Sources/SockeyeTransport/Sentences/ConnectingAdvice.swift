import Glibc
import SockeyeText

/// What to do about connections that could not be made.
enum ConnectingAdvice: Sentence {
  case startServer, checkNetwork, checkPath, checkLocalAddress, useAnotherPort

  /// The advice for the codes that all attempts ended with, where there is one for them.
  init?(_ codes: Set<CInt>) {
    switch codes {
    case [ECONNREFUSED]: self = .startServer
    case [ENETUNREACH], [EHOSTUNREACH]: self = .checkNetwork
    case [ENOENT]: self = .checkPath
    case [EADDRNOTAVAIL]: self = .checkLocalAddress
    case [EADDRINUSE]: self = .useAnotherPort
    default: return nil
    }
  }

  var english: String {
    switch self {
    case .startServer: "is the server running, and on that port?"
    case .checkNetwork: "check the network and the address"
    case .checkPath: "check the path"
    case .checkLocalAddress: "is the address to connect from one of this machine's?"
    case .useAnotherPort: "connect from another port (the last connection from there may be in TIME-WAIT)"
    }
  }

  var chinese: String {
    switch self {
    case .startServer: "服务器在运行吗，是那个端口吗？"
    case .checkNetwork: "请检查网络和地址"
    case .checkPath: "请检查路径"
    case .checkLocalAddress: "发起连接所用的地址是本机的吗？"
    case .useAnotherPort: "请从另一个端口发起连接（上一个从那里发起的连接可能处于 TIME-WAIT）"
    }
  }
}
