import Glibc
import SockeyeGateway
import SockeyeText

extension ChildError {
  /// What failed, and what to do about it, in every language.
  var phrase: Phrase {
    switch self {
    case .forbidden(.some(let obstacle), _): Self.forbidden(by: obstacle)
    case .forbidden(.none, let number):
      Phrase(
        "namespaces of a user's own are forbidden here (\(Phrase.system(number).english)); "
          + "if this is a container, start it with the rights for them",
        zh: "这里禁止用户自己的命名空间（\(Phrase.system(number).chinese)）；如果这是容器，请以相应权限启动它"
      )
    case .tunnelClosed(ENOENT):
      Phrase(
        "there is no /dev/net/tun; 'modprobe tun' as root makes it, or use --offline",
        zh: "没有 /dev/net/tun；以 root 身份运行“modprobe tun”即可，或使用 --offline"
      )
    case .tunnelClosed(let number):
      Phrase(
        "cannot open /dev/net/tun: \(Phrase.system(number).english); 'chmod 666 /dev/net/tun' as root opens it to all, "
          + "which lets nobody change the machine's network; or use --offline",
        zh: "无法打开 /dev/net/tun：\(Phrase.system(number).chinese)；以 root 身份运行“chmod 666 /dev/net/tun”可让所有人使用它，"
          + "而谁也不能因此改变本机的网络；或使用 --offline"
      )
    case .step(let step, let number):
      Phrase(
        "no network could be made for the command: \(Self.english(step)): \(Phrase.system(number).english); see 'sockeye run --help'",
        zh: "无法为命令建立网络：\(Self.chinese(step))：\(Phrase.system(number).chinese)；见“sockeye run --help”"
      )
    }
  }

  private static func forbidden(by obstacle: NamespaceObstacle) -> Phrase {
    let (setting, value, remedy) = (obstacle.setting, obstacle.value, obstacle.remedy)
    return Phrase(
      "the system forbids namespaces of a user's own: \(setting) is \(value); 'sysctl \(setting)=\(remedy)' as root allows them",
      zh: "系统禁止用户自己的命名空间：\(setting) 为 \(value)；以 root 身份运行“sysctl \(setting)=\(remedy)”即可允许"
    )
  }

  private static func english(_ step: Step) -> String {
    switch step {
    case .process: "starting a process"
    case .identities: "mapping users and groups"
    case .mounts: "parting the mounts"
    case .device: "making the device"
    case .network: "setting addresses and routes"
    case .files: "mounting files over /etc and /proc"
    }
  }

  private static func chinese(_ step: Step) -> String {
    switch step {
    case .process: "启动进程"
    case .identities: "映射用户和组"
    case .mounts: "分离挂载点"
    case .device: "创建设备"
    case .network: "设置地址和路由"
    case .files: "在 /etc 和 /proc 上挂载文件"
    }
  }
}
