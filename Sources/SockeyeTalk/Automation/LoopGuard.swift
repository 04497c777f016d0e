import NIOCore

/// Notices that a peer answers our answers by itself.
///
/// Two programs that answer every datagram would answer each other for ever. A peer that keeps saying the same thing,
/// each time at once after our answer, is taken for such a program: it gets no answer for a while, and since a loop
/// lives on answers alone, that ends it.
struct LoopGuard {
  /// How many equal messages in a row make a loop.
  static let equalMessages = 256
  /// How soon after the one before a message has to come to belong to a loop.
  static let promptness = TimeAmount.milliseconds(500)
  /// How long a peer is not answered then.
  static let silence = TimeAmount.seconds(5)

  /// What to do with a message.
  enum Verdict {
    /// Answer it.
    case answer
    /// Don't, and say why: a loop was noticed.
    case suspect
    /// Don't.
    case ignore
  }

  private var last: [UInt8] = []
  private var lastLength = -1
  private var equalInARow = 0
  private var lastArrival = NIODeadline.uptimeNanoseconds(0)
  private var silentUntil: NIODeadline?

  /// Takes a message that is about to be answered.
  mutating func consider(_ message: ByteBuffer, at now: NIODeadline) -> Verdict {
    if let end = silentUntil {
      guard now >= end else { return .ignore }
      silentUntil = nil
      equalInARow = 0
    }
    let head = message.readableBytesView.prefix(64)
    let isPrompt = now - lastArrival <= Self.promptness
    lastArrival = now
    if isPrompt, message.readableBytes == lastLength, head.elementsEqual(last) {
      equalInARow += 1
    } else {
      equalInARow = 1
      lastLength = message.readableBytes
      last.removeAll(keepingCapacity: true)
      last.append(contentsOf: head)
    }
    guard equalInARow >= Self.equalMessages else { return .answer }
    silentUntil = now + Self.silence
    return .suspect
  }
}
