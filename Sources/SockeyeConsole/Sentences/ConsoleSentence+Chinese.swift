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
    case .choice(let names): "其中之一：\(names.joined(separator: "、"))"
    }
  }
}
