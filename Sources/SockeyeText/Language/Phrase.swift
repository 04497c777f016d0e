/// A text in every language.
public struct Phrase: Hashable, Sendable {
  /// The text in English.
  public let english: String
  /// The text in Chinese.
  public let chinese: String

  /// A text from its versions.
  public init(_ english: String, zh chinese: String) {
    self.english = english
    self.chinese = chinese
  }

  /// What is the same in every language, such as an address or what a peer said.
  public static func literal(_ text: String) -> Phrase { Phrase(text, zh: text) }

  /// The text in a language.
  public func text(in language: Language) -> String {
    switch language {
    case .english: english
    case .chinese: chinese
    }
  }
}
