import SockeyeText
import SockeyeTransport

/// The sentences in Chinese.
extension ServiceSentence {
  var chinese: String {
    switch self {
    case .cannotReadCertificate(let path): "无法从 \(path) 读取证书；请给出 PEM 文件"
    case .cannotReadKey(let path): "无法从 \(path) 读取私钥；请给出没有口令的 PEM 文件"
    case .noCertificate(let path): "\(path) 里没有证书；请给出 PEM 文件"
    case .cannotMakeCertificate(let reason): "无法制作证书：\(reason)；请用 --certificate 和 --key 给出一个"
    case .cannotUseKept(let reason): "无法使用保存的证书：\(reason)"
    case .badPasswordLine(let file, let line):
      "\(file) 第 \(line) 行：应为 user:pbkdf2-sha256$ITERATIONS$SALT$HASH；“sockeye serve --add-user NAME --auth-file \(file)”会写出这样的一行"
    case .badUserName(let name): "“\(name)”不能作为用户名；请去掉“:”、换行和开头的“#”"
    case .badBlock(let text): "“\(text)”不是地址块；请写 192.0.2.0/24 或 2001:db8::/32"
    case .badPrefix(let text, let bits): "“\(text)”：前缀长度是 0 到 \(bits) 的数字"
    case .badIdentity(let reason): "无法使用证书和私钥：\(reason)；它们是一对 PEM 吗？"
    case .cannotServe(let path, let reason): "无法提供 \(path)：\(reason.chinese)；请给出一个可读的目录"
    }
  }
}
