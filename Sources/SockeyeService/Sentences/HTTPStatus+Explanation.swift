import SockeyeText

extension HTTPStatus {
  /// What a person is told who sees nothing but this response.
  var explanation: Phrase {
    switch self {
    case .badRequest: Phrase("the request is not one of HTTP/1.1", zh: "这不是 HTTP/1.1 的请求")
    case .unauthorized: Phrase("a user's name and password are needed", zh: "需要用户名和密码")
    case .forbidden: Phrase("this may not be read", zh: "不允许读取")
    case .notFound: Phrase("there is no such file here", zh: "这里没有这个文件")
    case .methodNotAllowed: Phrase("files are read here with GET and HEAD", zh: "这里用 GET 和 HEAD 读取文件")
    case .requestTimeout: Phrase("the request took too long to arrive", zh: "请求到达得太慢")
    case .conflict: Phrase("something of that name stands in the way", zh: "这个名字已被占用")
    case .locked: Phrase("it is locked, or somebody else is uploading it", zh: "已被锁定，或者有人正在上传")
    case .targetTooLong: Phrase("the URL is too long", zh: "URL 太长")
    case .headersTooLarge: Phrase("the header fields are too large", zh: "请求头太大")
    case .rangeNotSatisfiable: Phrase("the file has no bytes in that range", zh: "文件没有这个范围的字节")
    case .preconditionFailed:
      Phrase("the file is another version than the request is about", zh: "文件已不是请求所指的版本")
    case .contentTooLarge: Phrase("the body is too large", zh: "请求体太大")
    case .serviceUnavailable: Phrase("too many clients; try again in a while", zh: "客户端太多；请稍后再试")
    case .tooManyRequests: Phrase("too many attempts; try again in a while", zh: "尝试次数太多；请稍后再试")
    case .lengthRequired: Phrase("the length of the body is needed", zh: "需要给出请求体的长度")
    case .notImplemented: Phrase("bodies are taken as they are, or in chunks", zh: "请求体只接受原样或分块发送")
    case .insufficientStorage: Phrase("there is no room left for uploads", zh: "没有可供上传的空间了")
    case .versionNotSupported: Phrase("this server speaks HTTP/1.1", zh: "本服务器使用 HTTP/1.1")
    case .unsupportedMediaType: Phrase("a body means nothing here", zh: "这里的请求体没有意义")
    case .unprocessableContent:
      Phrase("what arrived does not have the digest that was announced", zh: "到达的内容与所声明的摘要不符")
    case .expectationFailed:
      Phrase("the only expectation that can be met is 100-continue", zh: "只能满足 100-continue 这一种期望")
    case .badGateway: Phrase("that place is on another server", zh: "那个位置在另一台服务器上")
    case .internalError: Phrase("the server failed", zh: "服务器出错了")
    case .ok, .created, .noContent, .partialContent, .multiStatus, .movedPermanently, .notModified:
      .literal("\(phrase)")
    }
  }

  /// What the status is called.
  var title: Phrase {
    let chinese =
      switch self {
      case .badRequest: "请求有误"
      case .unauthorized: "需要登录"
      case .forbidden: "禁止访问"
      case .notFound: "没有找到"
      case .methodNotAllowed: "不允许的方法"
      case .requestTimeout: "请求超时"
      case .conflict: "有冲突"
      case .lengthRequired: "缺少长度"
      case .preconditionFailed: "条件不成立"
      case .contentTooLarge: "内容太大"
      case .targetTooLong: "URL 太长"
      case .rangeNotSatisfiable: "范围无效"
      case .unsupportedMediaType: "不支持的内容类型"
      case .unprocessableContent: "内容不符"
      case .expectationFailed: "期望不成立"
      case .locked: "已锁定"
      case .tooManyRequests: "请求太多"
      case .headersTooLarge: "请求头太大"
      case .internalError: "服务器错误"
      case .notImplemented: "尚不支持"
      case .badGateway: "网关错误"
      case .serviceUnavailable: "暂时不可用"
      case .versionNotSupported: "不支持的 HTTP 版本"
      case .insufficientStorage: "空间不足"
      case .ok, .created, .noContent, .partialContent, .multiStatus, .movedPermanently, .notModified: "\(phrase)"
      }
    return Phrase("\(phrase)", zh: chinese)
  }
}
