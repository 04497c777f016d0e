import SockeyeLink
import SockeyeText
import SockeyeTransport

extension Failure {
  /// What a link's error means to whoever asked for it.
  init(_ error: LinkError) {
    switch error.subject {
    case .file: self.init(.localFile, .cannotUseFile(error.phrase))
    case .device: self.init(.other, .cannotUseDevice(error.phrase, Self.advice(error.number).phrase))
    }
  }

  private static func advice(_ number: Int32) -> ProgramSentence {
    switch number {
    case 1, 13: .runAsRoot
    case 2: .loadModule
    case 16: .deviceIsTaken
    case 22: .makeDevice
    default: .seeLinks
    }
  }
}

extension LinkError {
  /// What was tried, and why it failed, in every language.
  var phrase: Phrase { Phrase(description, zh: "\(Self.chinese(attempt))：\(Phrase.system(number).chinese)") }

  /// What was tried, in Chinese: the links, which know nothing of languages, tell it in English, with a name at its end.
  private static func chinese(_ attempt: String) -> String {
    guard let (english, chinese) = attempts.first(where: { attempt.hasPrefix($0.english) }) else { return attempt }
    let name = attempt.dropFirst(english.count)
    return chinese + (name.hasSuffix(" up") ? name.dropLast(" up".count) : name)
  }

  private static let attempts = [
    (english: "cannot write the capture", chinese: "无法写入抓包文件"),
    (english: "cannot open the TUN device", chinese: "无法打开 TUN 设备"),
    (english: "cannot use the TUN device", chinese: "无法使用 TUN 设备"),
    (english: "cannot read from the TUN device", chinese: "无法从 TUN 设备读取"),
    (english: "cannot start the kernel's thread for the TUN device", chinese: "无法启动内核线程，TUN 设备"),
    (english: "cannot bring the TUN device", chinese: "无法启用 TUN 设备"),
    (english: "cannot draw a secret from the system", chinese: "无法从系统取得密钥"),
    (english: "cannot watch the interface", chinese: "无法观察接口"),
    (english: "cannot watch the network", chinese: "无法观察网络"),
    (english: "cannot see the sockets of process", chinese: "无法看到套接字，进程"),
    (english: "cannot enter the network of process", chinese: "无法进入网络，进程"),
    (english: "cannot see packets", chinese: "无法看到数据包"),
    (english: "cannot wait for packets", chinese: "无法等待数据包"),
    (english: "cannot lay a wire between devices with offload", chinese: "无法在带卸载的设备之间接线"),
  ]
}
