import ArgumentParser
import Glibc
import SockeyeSight
import SockeyeText
import SockeyeTransport

/// One end of a connection, by what it does: clients speak first.
enum FollowedEnd: String, ExpressibleByArgument, CaseIterable {
  case client, server

  var end: End { self == .client ? .first : .second }
}

/// Writes what the ends of one connection say, as its segments pass.
struct FollowOutput {
  /// How it is written.
  enum Form {
    /// For a terminal.
    case text(StreamText)
    /// For programs.
    case json
    /// The bytes of one direction, as they are.
    case raw(End)
  }

  private var form: Form
  /// The connection that is followed, once it has begun.
  private var followed: (follower: ConversationFollower, json: StreamJSON)?
  /// The connection's place in the table.
  private let index: Int

  /// Follows the connection of a number in the table, the first one by default.
  init(_ form: Form, stream: Int?) {
    self.form = form
    index = (stream ?? 1) - 1
  }

  /// Takes a segment of any connection, with its data.
  mutating func take(_ seen: SeenSegment, _ payload: RawSpan, in table: borrowing ConversationTable) throws {
    guard seen.index == index else { return }
    if followed == nil { begin(table.conversations[index]) }
    for (end, piece) in followed?.follower.take(seen.segment, payload, from: seen.from) ?? [] {
      try write(piece, of: end)
    }
  }

  /// Writes what is left, and says which connections weren't followed.
  mutating func finish(_ table: borrowing ConversationTable) throws {
    let count = table.conversations.count
    guard index < count else {
      if index == 0 { return StandardError.say(.noTCP) }
      throw Failure(.usage, .noConnection(index + 1, count))
    }
    for (end, piece) in followed?.follower.finish() ?? [] { try write(piece, of: end) }
    if case .text(var text) = form {
      try put(text.finish())
      form = .text(text)
    }
    if count > 1 { StandardError.say(.followedOne(index + 1, count)) }
  }

  private mutating func begin(_ summary: ConversationSummary) {
    followed = (ConversationFollower(), StreamJSON(summary))
    if case .text = form { StandardError.say(.followed("\(summary.key.first)", "\(summary.key.second)")) }
  }

  private mutating func write(_ piece: StreamPiece, of end: End) throws {
    switch form {
    case .text(var text):
      let line = text.text(piece, of: end)
      form = .text(text)
      try put(line)
    case .json:
      guard let line = followed?.json.line(piece, of: end) else { return }
      try put(line + "\n")
    case .raw(let wanted):
      guard end == wanted else { return }
      if case .data(let bytes) = piece { return try put(bytes) }
      if let phrase = piece.phrase { StandardError.say(phrase.spoken) }
    }
  }

  private func put(_ text: String) throws { try put(Array(text.utf8)) }

  /// Whoever reads a pipe wants each piece when it comes, and may have had enough.
  private func put(_ bytes: [UInt8]) throws {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        Glibc.write(STDOUT_FILENO, bytes.baseAddress.map { $0 + written }, bytes.count - written)
      }
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      if count < 0, errno == EPIPE { throw SignalEnding(signal: SIGPIPE) }
      guard count > 0 else {
        throw Failure(.localFile, .cannotWriteOutput(.system(errno)))
      }
      written += count
    }
  }
}
