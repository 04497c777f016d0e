internal import SockeyeWire

/// Why a question isn't passed on, or isn't answered.
enum DNSRefusal: UInt16 {
  /// The question can't be read.
  case formatError = 1
  /// No server answers.
  case serverFailure = 2
  /// Questions of another kind than standard ones aren't understood.
  case notImplemented = 4
  /// The name may not be asked for.
  case refused = 5
}

/// Answers that a gateway gives itself.
extension DNSMessage {
  /// The answer to a question, which `bytes` is, that isn't passed on; nil where not even a header is there, or it is an answer.
  static func refusal(of bytes: [UInt8], for reason: DNSRefusal) -> [UInt8]? {
    guard bytes.count >= headerLength, bytes[2] & 0x80 == 0 else { return nil }
    // As much of the question as was understood is said again.
    let question = try? DNSMessage(parsing: bytes)
    var answer = Array(bytes[..<(question?.questionEnd ?? headerLength)])
    setHeader(of: &answer, code: reason.rawValue, questions: question == nil ? 0 : 1, answers: 0)
    return answer
  }

  /// The answer that gives the name that was asked for those of `addresses` that are of the type asked for.
  ///
  /// - Parameters:
  ///   - bytes: the question, as it came.
  ///   - timeToLive: for how many seconds.
  func answer(to bytes: [UInt8], addresses: [IPAddress], timeToLive: UInt32) -> [UInt8] {
    var answer = Array(bytes[..<questionEnd])
    var count: UInt16 = 0
    for address in addresses where (address.isIPv4 ? DNSType.address4 : DNSType.address6) == type {
      // A pointer to the question's name.
      for word in [0xC00C, type, DNSType.internet] as [UInt16] { Self.append(word, to: &answer) }
      Self.append(UInt16(truncatingIfNeeded: timeToLive >> 16), to: &answer)
      Self.append(UInt16(truncatingIfNeeded: timeToLive), to: &answer)
      switch address {
      case .v4(let address):
        Self.append(4, to: &answer)
        Self.append(UInt64(address.rawValue), bytes: 4, to: &answer)
      case .v6(let address):
        Self.append(16, to: &answer)
        Self.append(address.high, bytes: 8, to: &answer)
        Self.append(address.low, bytes: 8, to: &answer)
      }
      count += 1
    }
    Self.setHeader(of: &answer, code: 0, questions: 1, answers: count)
    return answer
  }

  private static func append(_ word: UInt16, to bytes: inout [UInt8]) {
    append(UInt64(word), bytes: 2, to: &bytes)
  }

  private static func append(_ value: UInt64, bytes count: Int, to bytes: inout [UInt8]) {
    for place in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(place * 8))) }
  }

  /// Makes a question's header an answer's: QR and RA on, RD and OPCODE kept.
  private static func setHeader(of bytes: inout [UInt8], code: UInt16, questions: UInt16, answers: UInt16) {
    bytes[2] = bytes[2] & 0x79 | 0x80
    bytes[3] = 0x80 | UInt8(truncatingIfNeeded: code)
    bytes[4] = 0
    bytes[5] = UInt8(truncatingIfNeeded: questions)
    bytes[6] = UInt8(truncatingIfNeeded: answers >> 8)
    bytes[7] = UInt8(truncatingIfNeeded: answers)
    for place in 8..<headerLength { bytes[place] = 0 }
  }
}
