import Glibc

extension Phrase {
  /// What the system says of an error.
  ///
  /// The C library speaks Chinese only where its catalogue is installed, so the errors that people meet are told here; of the
  /// others, Chinese text names the number as well.
  ///
  /// - Parameter number: The value of `errno`.
  public static func system(_ number: CInt) -> Phrase {
    let english = String(cString: strerror(number))
    return Phrase(english, zh: chinese[number] ?? "系统错误 \(number)（\(english)）")
  }

  /// The phrase for the middle of a sentence.
  public func lowercased() -> Phrase { Phrase(english.lowercased(), zh: chinese) }

  private static let chinese: [CInt: String] = [
    EPERM: "不允许的操作",
    ENOENT: "没有这个文件或目录",
    EINTR: "被信号中断",
    EIO: "输入输出错误",
    ENXIO: "没有这个设备或地址",
    EBADF: "描述符已关闭或不可用",
    EAGAIN: "资源暂时不可用",
    ENOMEM: "内存不足",
    EACCES: "权限不够",
    EBUSY: "设备或资源忙",
    EEXIST: "文件已存在",
    ENODEV: "没有这个设备",
    ENOTDIR: "不是目录",
    EISDIR: "是一个目录",
    EINVAL: "参数无效",
    ENFILE: "系统打开的文件太多",
    EMFILE: "打开的文件太多",
    ENOTTY: "设备不支持该操作",
    EFBIG: "文件太大",
    ENOSPC: "磁盘已满",
    ESPIPE: "不能定位",
    EROFS: "文件系统只读",
    EPIPE: "管道已断开",
    ENAMETOOLONG: "名字太长",
    ELOOP: "符号链接层数太多",
    ENOTEMPTY: "目录不为空",
    EPROTO: "协议错误",
    ENOTSOCK: "不是套接字",
    EMSGSIZE: "消息太长",
    EOPNOTSUPP: "不支持的操作",
    EAFNOSUPPORT: "不支持这个地址族",
    EADDRINUSE: "地址已被占用",
    EADDRNOTAVAIL: "本机没有这个地址",
    ENETDOWN: "网络已关闭",
    ENETUNREACH: "网络不可达",
    ECONNABORTED: "连接已中止",
    ECONNRESET: "连接被对方复位",
    ENOBUFS: "缓冲区不足",
    EISCONN: "已经连接",
    ENOTCONN: "没有连接",
    ETIMEDOUT: "没有应答",
    ECONNREFUSED: "连接被拒绝",
    EHOSTUNREACH: "主机不可达",
    EDQUOT: "超过磁盘配额",
    ESTALE: "文件句柄已失效",
  ]
}
