public import SockeyeLink
public import SockeyeText

extension ImpairmentSpecification.Problem {
  /// What is wrong, in a few words of every language: impairments themselves know English alone.
  public var phrase: Phrase { Phrase(description, zh: chinese) }

  private var chinese: String {
    switch self {
    case .notAPair(let part): "“\(part)”不是 KEY=VALUE"
    case .unknownKey(let key): "没有损伤“\(key)”"
    case .badValue("profile", let value):
      "没有网络“\(value)”；有 \(ImpairmentProfile.allCases.map(\.rawValue).joined(separator: "、"))"
    case .badValue(let key, let value): "“\(value)”不是 \(key) 的值"
    }
  }
}
