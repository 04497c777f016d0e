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
    case .memberIsNoAddress(let name): "'\(name)' is HOST:PORT; the protocol stands in 'protocol'"
    case .notGroup(let text): "\(text) is no multicast group with a port, such as 239.1.2.3:5000"
    case .noSession(let id): "there is no session '\(id)'"
    case .tooManySessions(let most): "there may be \(most) sessions; remove some"
    case .noPeer(let number): "peer \(number) isn't there"
    case .peerIsBehind(let number): "peer \(number) doesn't read what it was sent; try again"
    case .nobodyThere: "nobody is there"
    case .notOpen: "the session isn't open"
    case .notDatagrams: "only an open session of datagrams takes peers by their addresses"
    case .closedMeanwhile: "it was closed meanwhile"
    case .connectionEnded: "the connection ended"
    case .noSocketFor(let address): "there is no socket for datagrams to \(address); look at the local address"
    case .tooManyCycles(let most): "a session may have \(most) cycles; stop some"
    case .noCycle(let id): "there is no cycle '\(VisibleText.of(id))'"
    case .badRecordName(let name):
      "'\(name)' is no name for a file of the console's directory: no slashes, no dot first"
    case .cannotCreateRecord(let name, let reason): "cannot create '\(name)': \(reason.english)"
    case .recordsAlready(let name): "it is recorded in '\(name)' already"
    case .recordsNothing: "nothing is recorded"
    case .recordFailed(let name, let reason): "cannot write '\(name)': \(reason.english)"
    case .badSessionFile(let reason): "this is no file of sessions: \(reason.english)"
    case .sessionFileIsNoObject: "it has to be an object: {\"sessions\":[…]}"
    case .badSessionID(let id): "'\(id)' is no session's id; they are s1, s2 and so on"
    case .sameSession(let id): "there are two sessions '\(id)'"
    case .cannotReadState(let path, let reason): "cannot read '\(VisibleText.of(path))': \(reason.english)"
    case .stateIsNoFile(let path): "'\(VisibleText.of(path))' is no regular file"
    case .stateFileTooLarge(let path, let most):
      "'\(VisibleText.of(path))' would be larger than \(most >> 20) MiB; remove sessions or messages"
    case .stateInUse(let path):
      "'\(VisibleText.of(path))' is kept by another console that runs; give this one a file of its own"
    case .stateReplaced(let path):
      "'\(VisibleText.of(path))' is another's: it was put there after this console had started, and is left as it is"
    case .cannotKeepState(let path, let reason): "cannot write '\(VisibleText.of(path))': \(reason.english)"
    case .cannotReadRequests(let reason): "cannot read requests: \(reason.english)"
    case .badPattern(let text, let position): "'\(text)' is no pattern, from character \(position) on"
    case .patternTooLarge: "the pattern is too large"
    case .badCondition:
      "a condition has one member: contains, equals, prefix, length, integer, pattern, source, checksum, all, any or not"
    case .maskLength: "the mask is as long as what it is laid over"
    case .failsContains(let hex): "it doesn't contain \(hex)"
    case .failsPrefix(let hex): "it doesn't begin with \(hex)"
    case .failsEquals(let hex): "it doesn't equal \(hex)"
    case .failsLength(let length, let range): "it has \(length) bytes, not \(Self.text(range))"
    case .failsInteger(let value, let range): "the integer is \(value), not \(Self.text(range))"
    case .failsTooShort(let offset, let width): "it has no \(width) bytes at \(offset)"
    case .failsPattern(let text): "'\(VisibleText.of(text))' doesn't match"
    case .failsSource(let address, let network): "it comes from \(address), not from \(VisibleText.of(network))"
    case .failsChecksum(let name): "its \(name) is wrong"
    case .failsNot: "what must not hold does"
    case .ruleIsOff: "the rule is off"
    case .answersWithheld(let most): "more than \(most) answers a second would be due; the others are withheld"
    case .nothingIsSeen: "no diagrams: this console sees no packets"
    case .diagramsAreOfTCP: "'diagrams' are of TCP connections over a network"
    case .noSegments(let peer):
      "no segment of peer \(peer) was seen; 'diagrams' in the settings keeps them from the opening on"
    case .noForwarder: "the session is no forwarder"
    case .noHeldMessage(let number): "message \(number) isn't held"
    case .noRememberedMessage(let number): "message \(number) isn't remembered, or its connection has ended"
    case .openVariable: "a variable ends with '}'; a plain '${' is written '$${'"
    case .noVariable(let text):
      "'\(text)' is no variable; there are date, time, timestamp, counter:N, random:N, uuid, received:A-B and match:N"
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
    case .base64: "bytes in base 64"
    case .duration: "a time such as 500ms, 30s or 2m"
    case .choice(let names): "one of \(names.joined(separator: ", "))"
    }
  }
}
