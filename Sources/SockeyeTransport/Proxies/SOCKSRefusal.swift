import SockeyeText

/// Why a SOCKS proxy made no connection (RFC 1928, section 6).
enum SOCKSRefusal: UInt8 {
  case general = 1
  case notAllowed
  case networkUnreachable
  case hostUnreachable
  case refused
  case expired
  case unknownCommand
  case unknownAddress

  var phrase: Phrase {
    switch self {
    case .general: Phrase("it failed", zh: "它失败了")
    case .notAllowed: Phrase("its rules don't allow it", zh: "它的规则不允许")
    case .networkUnreachable: Phrase("the network is unreachable", zh: "网络不可达")
    case .hostUnreachable: Phrase("the host is unreachable or unknown", zh: "主机不可达或未知")
    case .refused: Phrase("connection refused", zh: "连接被拒绝")
    case .expired: Phrase("the time to live ran out", zh: "生存时间耗尽")
    case .unknownCommand: Phrase("it knows no such command", zh: "它不懂这个命令")
    case .unknownAddress: Phrase("it knows no such kind of address", zh: "它不懂这种地址")
    }
  }
}
