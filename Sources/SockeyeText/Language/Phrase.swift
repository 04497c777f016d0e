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

/// A sentence that is shown to people, with what it is about.
///
/// A library's sentences are the cases of one enumeration. Each language has a table of them, a `switch` over all cases, so
/// that the compiler refuses a sentence that a language lacks.
public protocol Sentence: Sendable {
  /// The sentence in English.
  var english: String { get }
  /// The sentence in Chinese.
  var chinese: String { get }
}

extension Sentence {
  /// The sentence in every language.
  public var phrase: Phrase { Phrase(english, zh: chinese) }

  /// The sentence in a language.
  public func text(in language: Language) -> String { phrase.text(in: language) }
}
