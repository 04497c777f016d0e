/// A language that explanations are written in. States, flags and fields keep the names that the RFC gives them.
public enum Language: String, CaseIterable, Sendable {
  /// English.
  case english = "en"
  /// Chinese, in simplified characters.
  case chinese = "zh"

  /// The language of a locale's name, such as `zh_CN.UTF-8`; English for all that isn't Chinese.
  public init(locale: String) {
    self = locale.lowercased().hasPrefix("zh") ? .chinese : .english
  }
}

/// A text in every language.
public struct Phrase: Hashable, Sendable {
  private let english: String
  private let chinese: String

  /// A text from its versions.
  public init(_ english: String, zh chinese: String) {
    self.english = english
    self.chinese = chinese
  }

  /// The text in a language.
  public func text(in language: Language) -> String {
    switch language {
    case .english: english
    case .chinese: chinese
    }
  }
}
