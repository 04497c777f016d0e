public import SockeyeText

/// A conversation as one HTML file that opens without a network: a sequence diagram that can be walked through, the
/// header of each segment bit by bit, the states, plots, and what TCP_INFO would say.
///
/// Text that comes from a capture lies in a JSON island and is shown as text, never as markup. The page's policy lets
/// nothing but its own style and script run, and lets them fetch nothing.
public struct ConversationPage: Sendable {
  /// The language that the page opens in; it can be changed there.
  public var language = Language.english
  /// Whether the page opens with sequence numbers as they stand on the wire; it can be changed there.
  public var isAbsolute = false
  /// How many events came after the conversation's last and aren't in it.
  public var missedEvents: UInt64 = 0
  private let conversation: Conversation
  private let title: Phrase
  private let explanation: Phrase?

  /// The page of a conversation.
  ///
  /// - Parameters:
  ///   - conversation: what happened.
  ///   - title: what the page is about, in a few words.
  ///   - explanation: what to look for, in a paragraph.
  public init(_ conversation: Conversation, title: Phrase, explanation: Phrase? = nil) {
    self.conversation = conversation
    self.title = title
    self.explanation = explanation
  }

  /// The content security policy that the page has in itself, for servers to say it too: its own style and script may run, known by
  /// their digests, and nothing is fetched.
  public static var policy: String { PageTemplate.policy }

  /// The file, in UTF-8. The same conversation gives the same bytes.
  public func html() -> [UInt8] {
    var island = JSONWriter()
    island.object { island in
      island.name("language")
      island.string(language.rawValue)
      island.name("absolute")
      island.number(isAbsolute ? 1 : 0)
      island.name("title")
      island.phrase(title)
      island.name("explanation")
      island.phrase(explanation ?? Phrase("", zh: ""))
      island.name("missed")
      island.number(missedEvents)
      island.name("words")
      PageWords.write(to: &island)
      PageData(conversation).write(to: &island)
    }
    var page = Array(PageTemplate.head(language).utf8)
    page += island.bytes
    page += PageTemplate.tail.utf8
    return page
  }
}
