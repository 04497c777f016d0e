internal import SockeyeText

/// The sentences in English.
extension ConsoleSentence {
  var english: String {
    switch self {
    case .notJSON(let position): "this is no JSON, from byte \(position) on"
    case .jsonTooLarge: "JSON may nest \(JSONReader.greatestDepth) deep and have \(JSONReader.mostValues) values"
    case .requestIsNoObject: "a request is an object: {\"id\":1,\"op\":\"hello\"}"
    case .badRequestID: "'id' is an integer, or a text of at most 64 bytes"
    case .memberMissing(let name): "'\(name)' is missing"
    case .memberTakes(let name, let wanted): "'\(name)' is \(wanted.english)"
    case .unknownMember(let name): "there is no '\(name)' here; check the spelling"
    case .unknownOperation(let name): "there is no operation '\(VisibleText.of(name))'"
    case .stateTooLarge: "more than 1 MiB isn't kept for a page"
    case .consoleNeedsAddress(let endpoint): "\(endpoint): a browser needs an address and a port"
    case .unknownFault(let text): text
    }
  }
}

extension ConsoleSentence.Wanted {
  var english: String {
    switch self {
    case .text: "a text"
    case .truth: "true or false"
    case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
    case .object: "an object"
    case .list(let limit): "a list of at most \(limit)"
    case .choice(let names): "one of \(names.joined(separator: ", "))"
    }
  }
}
