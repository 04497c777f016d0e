internal import SockeyeText

/// The sentences in Chinese.
extension ConsoleSentence {
  var chinese: String {
    switch self {
    case .notJSON(let position): "从第 \(position) 字节起不是 JSON"
    case .jsonTooLarge: "JSON 最多嵌套 \(JSONReader.greatestDepth) 层，最多 \(JSONReader.mostValues) 个值"
    case .requestIsNoObject: "请求要写成一个对象：{\"id\":1,\"op\":\"hello\"}"
    case .badRequestID: "“id”要写整数，或不超过 64 字节的文本"
    case .memberMissing(let name): "缺少“\(name)”"
    case .memberTakes(let name, let wanted): "“\(name)”要写\(wanted.chinese)"
    case .unknownMember(let name): "这里没有“\(name)”；请检查拼写"
    case .unknownOperation(let name): "没有“\(VisibleText.of(name))”这个操作"
    case .stateTooLarge: "为页面保存的内容不能超过 1 MiB"
    case .memberIsNoAddress(let name): "“\(name)”要写成 HOST:PORT；协议写在“protocol”里"
    case .notGroup(let text): "\(text) 不是带端口的组播地址，例如 239.1.2.3:5000"
    case .noSession(let id): "没有会话“\(id)”"
    case .tooManySessions(let most): "最多 \(most) 个会话；请先移除一些"
    case .noPeer(let number): "对方 \(number) 不在"
    case .peerIsBehind(let number): "对方 \(number) 没有读取发给它的数据；请稍后再试"
    case .nobodyThere: "没有对方"
    case .notOpen: "会话没有打开"
    case .notDatagrams: "只有打开的数据报会话才能按地址添加对方"
    case .closedMeanwhile: "其间已被关闭"
    case .connectionEnded: "连接已结束"
    case .noSocketFor(let address): "没有可以向 \(address) 发送数据报的套接字；请检查本地地址"
    case .tooManyCycles(let most): "一个会话最多 \(most) 个循环；请先停止一些"
    case .noCycle(let id): "没有循环“\(VisibleText.of(id))”"
    case .badRecordName(let name): "“\(name)”不能作控制台目录里的文件名：不能有斜杠，不能以点开头"
    case .cannotCreateRecord(let name, let reason): "无法创建“\(name)”：\(reason.chinese)"
    case .recordsAlready(let name): "已经在记录到“\(name)”"
    case .recordsNothing: "没有在记录"
    case .recordFailed(let name, let reason): "无法写入“\(name)”：\(reason.chinese)"
    case .badSessionFile(let reason): "这不是会话文件：\(reason.chinese)"
    case .sessionFileIsNoObject: "要写成一个对象：{\"sessions\":[…]}"
    case .badSessionID(let id): "“\(id)”不是会话编号；编号是 s1、s2 等"
    case .sameSession(let id): "有两个会话“\(id)”"
    case .cannotReadState(let path, let reason): "无法读取“\(VisibleText.of(path))”：\(reason.chinese)"
    case .stateIsNoFile(let path): "“\(VisibleText.of(path))”不是普通文件"
    case .stateFileTooLarge(let path, let most):
      "“\(VisibleText.of(path))”会超过 \(most >> 20) MiB；请移除一些会话或消息"
    case .stateInUse(let path): "“\(VisibleText.of(path))”正由另一个正在运行的控制台使用；请为本控制台另选一个文件"
    case .stateReplaced(let path): "“\(VisibleText.of(path))”属于别的程序：它在本控制台启动之后才出现，因此保持原样"
    case .cannotKeepState(let path, let reason): "无法写入“\(VisibleText.of(path))”：\(reason.chinese)"
    case .cannotReadRequests(let reason): "无法读取请求：\(reason.chinese)"
    case .badPattern(let text, let position): "“\(text)”从第 \(position) 个字符起不是模式"
    case .patternTooLarge: "模式太大"
    case .badCondition:
      "条件只有一个成员：contains、equals、prefix、length、integer、pattern、source、checksum、all、any 或 not"
    case .maskLength: "掩码要和它所覆盖的内容一样长"
    case .failsContains(let hex): "不包含 \(hex)"
    case .failsPrefix(let hex): "不以 \(hex) 开头"
    case .failsEquals(let hex): "不等于 \(hex)"
    case .failsLength(let length, let range): "有 \(length) 字节，不是 \(Self.text(range))"
    case .failsInteger(let value, let range): "整数是 \(value)，不是 \(Self.text(range))"
    case .failsTooShort(let offset, let width): "第 \(offset) 字节处没有 \(width) 字节"
    case .failsPattern(let text): "“\(VisibleText.of(text))”不匹配"
    case .failsSource(let address, let network): "来自 \(address)，不是来自 \(VisibleText.of(network))"
    case .failsChecksum(let name): "\(name) 校验不对"
    case .failsNot: "不应成立的条件成立了"
    case .ruleIsOff: "规则已停用"
    case .answersWithheld(let most): "每秒本应有超过 \(most) 个回答；其余的不发"
    case .nothingIsSeen: "不能绘图：这个控制台看不到数据包"
    case .diagramsAreOfTCP: "“diagrams”只用于网络上的 TCP 连接"
    case .noSegments(let peer): "没有看到对方 \(peer) 的报文段；在设置里写上“diagrams”，从打开时起保留"
    case .noForwarder: "这个会话不是转发"
    case .noHeldMessage(let number): "消息 \(number) 没有被扣住"
    case .noRememberedMessage(let number): "消息 \(number) 已不再保留，或它的连接已经结束"
    case .openVariable: "变量要以“}”结束；单纯的“${”写成“$${”"
    case .noVariable(let text):
      "“\(text)”不是变量；有 date、time、timestamp、counter:N、random:N、uuid、received:A-B 和 match:N"
    case .consoleNeedsAddress(let endpoint): "\(endpoint)：浏览器需要地址和端口"
    case .unknownFault(let text): text
    }
  }
}

extension ConsoleSentence.Wanted {
  var chinese: String {
    switch self {
    case .text: "文本"
    case .truth: " true 或 false"
    case .integer(let range): " \(range.lowerBound) 到 \(range.upperBound) 的整数"
    case .object: "一个对象"
    case .list(let limit): "一个列表，不超过 \(limit) 项"
    case .base64: " base 64 编码的字节"
    case .duration: "时长，例如 500ms、30s 或 2m"
    case .choice(let names): "其中之一：\(names.joined(separator: "、"))"
    }
  }
}
