public import SockeyeText

extension ScenarioFileError {
  /// What is wrong, and where, in a line.
  public var phrase: Phrase {
    let what = problem.phrase
    guard line > 0 else { return what }
    return Phrase("line \(line): \(what.english)", zh: "第 \(line) 行：\(what.chinese)")
  }
}

extension ScenarioFileError.Problem {
  fileprivate var phrase: Phrase {
    switch self {
    case .tooLong:
      Phrase(
        "a scenario has at most \(ScenarioFile.largestSize) bytes",
        zh: "场景文件最多 \(ScenarioFile.largestSize) 字节"
      )
    case .unknownSubject(let word):
      Phrase(
        "no line begins with '\(VisibleText.of(word))'; begin with title, explain, network, up, down, client, server or run",
        zh: "没有以“\(VisibleText.of(word))”开头的行；可用 title、explain、network、up、down、client、server、run"
      )
    case .unknownStatement(let subject, let word):
      Phrase(
        "'\(VisibleText.of(word))' says nothing there; \(Self.choices(subject))",
        zh: "此处不能用“\(VisibleText.of(word))”；可用 \(Self.choices(subject))"
      )
    case .expected(let example, let found):
      Phrase(
        "expected \(example)\(found.map { ", not '\(VisibleText.of($0))'" } ?? "")",
        zh: "应为 \(example)\(found.map { "，而不是“\(VisibleText.of($0))”" } ?? "")"
      )
    case .outOfRange(let word, let limit):
      Phrase("\(VisibleText.of(word)) is beyond \(limit)", zh: "\(VisibleText.of(word)) 超出范围 \(limit)")
    case .leftOver(let word):
      Phrase("'\(VisibleText.of(word))' is one word too many", zh: "“\(VisibleText.of(word))”是多余的")
    }
  }

  private static func choices(_ subject: String) -> String {
    switch subject {
    case "network": "delay, jitter, rate, queue, loss, duplicate, corrupt, lose, hold, cut"
    case "set": "window, buffer, mss, nagle, sack, timestamps, congestion, keep-alive"
    default: "opens, refuses, sends, writes, reads, pauses, closes, aborts, set"
    }
  }
}
