import Glibc
import SockeyeSight
import SockeyeText
import SockeyeTransport

/// Reads a capture from a file or a pipe, a window at a time.
enum CaptureInput {
  private static let windowSize = 4 << 20

  /// Sorts a capture's packets into conversations.
  ///
  /// - Returns: the table, and what kept the capture from being read to its end, in a few words.
  /// - Throws: a failure of kind `localFile` where nothing can be read of it.
  static func read(
    _ path: String,
    limits: ConversationTable.Limits
  ) throws(Failure) -> (table: ConversationTable, problem: ProgramSentence?) {
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
      guard isLast || filled == window.count || filled >= windowSize / 2 else { continue }
      do throws(CaptureError) {
        let bytes = window.span.bytes.extracting(0..<filled)
        while let packet = try reader.next(in: bytes, isLast: isLast) {
          table.add(bytes.extracting(packet.bytes), packet)
        }
      } catch {
        if error == .unknownFormat {
          throw Failure(.localFile, .notCapture(path))
        }
        return (table, error == .truncated ? .endsInsidePacket : .isDamaged)
      }
      window.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress, reader.consumed > 0 else { return }
        base.copyMemory(from: base + reader.consumed, byteCount: filled - reader.consumed)
      }
      filled -= reader.consumed
      reader.dropConsumed()
    }
    return (table, nil)
  }
}
