import Glibc
import SockeyeSight
import SockeyeText
import SockeyeTransport

/// Reads a capture from a file or a pipe, a window at a time.
enum CaptureInput {
  private static let windowSize = 4 << 20

  /// Sorts a capture's packets into conversations.
  ///
  /// - Parameters:
  ///   - path: the file's name; `-` for standard input.
  ///   - limits: what the table keeps.
  ///   - isLive: whether packets are taken as soon as they are there, and not many at a time.
  ///   - body: called with each segment, its data as far as it was kept, and the table so far.
  /// - Returns: the table, and what kept the capture from being read to its end.
  /// - Throws: a failure of kind `localFile` where nothing can be read of it.
  static func read(
    _ path: String,
    limits: ConversationTable.Limits,
    isLive: Bool = false,
    _ body: (SeenSegment, RawSpan, borrowing ConversationTable) throws -> Void = { _, _, _ in }
  ) throws -> (table: ConversationTable, problem: ProgramSentence?) {
    let descriptor = path == "-" ? STDIN_FILENO : ArgumentFile.open(path, O_RDONLY)
    guard descriptor >= 0 else { throw Failure(.localFile, .cannotRead(path, .system(errno))) }
    defer { if path != "-" { close(descriptor) } }
    var reader = CaptureReader()
    var table = ConversationTable(limits: limits)
    var window = [UInt8](repeating: 0, count: windowSize)
    var filled = 0
    var isLast = false
    while !isLast {
      let count = window.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress.map { $0 + filled }, $0.count - filled)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Failure(.localFile, .cannotRead(path, .system(errno))) }
      filled += count
      isLast = count == 0
      guard isLive || isLast || filled == window.count || filled >= windowSize / 2 else { continue }
      let end = try take(window.span.bytes.extracting(0..<filled), isLast: isLast, &reader, &table, body)
      if let end { return (table, try problem(end, path)) }
      window.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress, reader.consumed > 0 else { return }
        base.copyMemory(from: base + reader.consumed, byteCount: filled - reader.consumed)
      }
      filled -= reader.consumed
      reader.dropConsumed()
    }
    return (table, nil)
  }

  /// Takes all packets that a window holds whole. Returns why no more can be read, if that is so.
  private static func take(
    _ window: RawSpan,
    isLast: Bool,
    _ reader: inout CaptureReader,
    _ table: inout ConversationTable,
    _ body: (SeenSegment, RawSpan, borrowing ConversationTable) throws -> Void
  ) throws -> CaptureError? {
    while true {
      let packet: CapturedPacket?
      do throws(CaptureError) {
        packet = try reader.next(in: window, isLast: isLast)
      } catch {
        return error
      }
      guard let packet else { return nil }
      let content = window.extracting(packet.bytes)
      guard let seen = table.add(content, packet) else { continue }
      try body(seen, content.extracting(seen.payload), table)
    }
  }

  /// What keeps a capture from being read to its end.
  private static func problem(_ error: CaptureError, _ path: String) throws(Failure) -> ProgramSentence {
    switch error {
    case .unknownFormat: throw Failure(.localFile, .notCapture(path))
    case .truncated: return .endsInsidePacket
    case .damaged: return .isDamaged
    }
  }
}
