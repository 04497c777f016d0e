import SockeyeSight
import SockeyeText

/// Captures of others, in windows of a size that the first byte chooses: what is read lies in the window, and whatever
/// segments come of it can be drawn, told to programs, judged, and put on a page.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCapture(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start, count > 1 else { return 0 }
  let file = UnsafeRawBufferPointer(start: start + 1, count: count - 1).bytes
  let piece = Int(start[0]) * 16 + 1
  var limits = ConversationTable.Limits()
  limits.segments = 64
  limits.keepsHeaders = true
  var table = ConversationTable(limits: limits)
  var reader = CaptureReader()
  var follower = ConversationFollower(limit: 4_096)
  var text = StreamText()
  var (first, last) = (0, 0)
  do throws(CaptureError) {
    repeat {
      last = min(file.byteCount, last + piece)
      let window = file.extracting(first..<last)
      while let packet = try reader.next(in: window, isLast: last == file.byteCount) {
        precondition(packet.bytes.upperBound <= window.byteCount, "a packet beyond its window")
        let content = window.extracting(packet.bytes)
        guard let seen = table.add(content, packet), seen.index == 0 else { continue }
        precondition(seen.payload.upperBound <= content.byteCount, "data beyond its packet")
        for (end, piece) in follower.take(seen.segment, content.extracting(seen.payload), from: seen.from) {
          _ = text.text(piece, of: end)
        }
      }
      precondition(reader.consumed <= window.byteCount, "more is consumed than there is")
      first += reader.consumed
      reader.dropConsumed()
    } while last < file.byteCount
  } catch {
    // What came before is looked at.
  }
  for summary in table.conversations.prefix(2) {
    let conversation = summary.conversation
    _ = SequenceDiagramText().lines(SequenceDiagram(conversation))
    _ = EventJSON.lines(conversation)
    let page = ConversationPage(conversation, title: .literal("a")).html()
    precondition(page.count > 1_000, "a page without a page")
  }
  return 0
}
