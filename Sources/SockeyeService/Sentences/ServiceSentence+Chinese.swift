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
      "\(file) 第 \(line) 行：应为 user:pbkdf2-sha256$ITERATIONS$SALT$HASH，后面可以有 :RULES（例如 read /inbox=read,add）；“sockeye serve --add-user NAME --auth-file \(file)”会写出这样的一行"
    case .badUserName(let name): "“\(name)”不能作为用户名；请去掉“:”、换行和开头的“#”"
    case .badBlock(let text): "“\(text)”不是地址块；请写 192.0.2.0/24 或 2001:db8::/32"
    case .badPrefix(let text, let bits): "“\(text)”：前缀长度是 0 到 \(bits) 的数字"
    case .badIdentity(let reason): "无法使用证书和私钥：\(reason)；它们是一对 PEM 吗？"
    case .cannotServe(let path, let reason): "无法提供 \(path)：\(reason.chinese)；请给出一个可读的文件夹或文件"
    case .neitherFileNorFolder(let path): "无法提供 \(path)：它既不是文件也不是文件夹"
    case .hiddenName(let path): "无法提供 \(path)：从不提供隐藏的名字；请给它另一个名字"
    case .sameName(let name): "要提供的项目中有两个都叫 \(name)；请改为提供它们所在的文件夹"
    case .badPathPrefix(let text): "“\(text)”不是路径前缀；请写 /files"
    case .noFallback(let path): "所提供的内容里没有文件 \(path)；--fallback 用其中的路径指定一个页面"
    case .badOrigin(let text): "“\(text)”不是来源；请写 https://example.org（不带路径），或单独写 * 表示所有来源"
    case .somethingIsThere: "这个名字已被占用"
    case .folderAboveIsMissing: "它所在的文件夹不存在"
    case .folderIsNotEmpty: "文件夹不是空的"
    case .hiddenThingsInFolder: "文件夹里有不显示的东西；它保持原样"
    case .treeIsTooLarge: "文件夹里的东西太多，一个请求处理不了；请逐个处理其中的文件夹"
    case .threadsThere: "已经有别的线程"
    case .onlyThisDigest: "只能取得 hash=sha256 这一种摘要"
    case .folderHasNoDigest: "文件夹没有摘要；请对其中的文件取摘要"
    }
  }
}
