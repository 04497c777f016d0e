import SockeyeText

/// What the argument parser finds wrong with a command line.
///
/// The parser tells it in English sentences alone, so they are read back, by their beginnings and what they quote.
struct ParserMessage {
  let phrase: Phrase

  /// A sentence of the parser's; nothing where it isn't one that is known.
  init?(_ sentence: String) {
    // What follows on lines of its own goes into detail.
    let line = sentence.split(separator: "\n").first.map(String.init) ?? sentence
    let quoted = Self.quoted(line)
    let words = line.drop { $0.isNumber || $0 == " " }
    guard let form = Self.forms.first(where: { words.hasPrefix($0.beginning) && quoted.count >= $0.quotes }) else {
      return nil
    }
    var chinese = form.chinese
    for (index, text) in quoted.enumerated() { chinese = chinese.replacing("{\(index)}", with: text) }
    if form.hasChoices, quoted.count > form.quotes {
      chinese += "；可取 \(quoted.dropFirst(form.quotes).joined(separator: "、"))"
    }
    let english = line.hasSuffix(".") ? String(line.dropLast()) : line
    phrase = Phrase(english.prefix(1).lowercased() + english.dropFirst(), zh: chinese)
  }

  /// How a sentence begins, how many things it quotes at least, and what it is in Chinese.
  private struct Form {
    let beginning: String
    let quotes: Int
    let chinese: String
    var hasChoices = false
  }

  private static let forms = [
    Form(beginning: "Missing expected argument", quotes: 1, chinese: "缺少参数“{0}”"),
    Form(beginning: "Missing one of", quotes: 1, chinese: "必须给出其中之一：“{0}”", hasChoices: true),
    Form(beginning: "Missing value for", quotes: 1, chinese: "“{0}”缺少值"),
    Form(beginning: "Missing required subcommand", quotes: 0, chinese: "缺少动词"),
    Form(beginning: "The value", quotes: 2, chinese: "“{1}”的值“{0}”无效", hasChoices: true),
    Form(beginning: "Unknown option", quotes: 2, chinese: "没有选项“{0}”；是不是“{1}”？"),
    Form(beginning: "Unknown option", quotes: 1, chinese: "没有选项“{0}”"),
    Form(beginning: "The option", quotes: 2, chinese: "选项“{0}”不带值，却给出了“{1}”"),
    Form(beginning: "Unexpected argument", quotes: 1, chinese: "多余的参数“{0}”"),
    Form(beginning: "unexpected arguments", quotes: 2, chinese: "多余的参数“{0}”“{1}”"),
    Form(beginning: "Value to be set with", quotes: 2, chinese: "“{0}”要设置的值已经由“{1}”设置过"),
    Form(beginning: "Invalid option", quotes: 0, chinese: "选项无效"),
  ]

  /// What stands between apostrophes; one inside of what is quoted has a letter on both sides.
  private static func quoted(_ sentence: String) -> [String] {
    var parts: [String] = []
    var current: String?
    let characters = Array(sentence)
    for (index, character) in characters.enumerated() {
      guard character == "'" else {
        current?.append(character)
        continue
      }
      if let text = current {
        let next = index + 1 < characters.count ? characters[index + 1] : " "
        if next.isLetter {
          current = text + "'"
        } else {
          parts.append(text)
          current = nil
        }
      } else {
        current = ""
      }
    }
    return parts
  }
}
