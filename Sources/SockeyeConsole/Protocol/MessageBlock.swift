internal import NIOCore

/// What a page is told between two frames, in the order in which it happened: records of messages, and of events in JSON. A
/// message costs its bytes and 44 more, and a frame has as many as came.
struct MessageBlock {
  private var bytes = ByteBuffer()

  var size: Int { bytes.readableBytes }

  /// Adds something that is no message: its kind (0), three bytes that mean nothing, the length of the JSON, the JSON.
  mutating func add(_ event: String) {
    bytes.writeMultipleIntegers(UInt32(0), UInt32(clamping: event.utf8.count), endianness: .little)
    bytes.writeString(event)
  }

  mutating func add(_ message: ToldMessage) { message.write(to: &bytes) }

  /// Takes what there is, and leaves nothing.
  mutating func take() -> ByteBuffer {
    let taken = bytes
    bytes = ByteBuffer()
    return taken
  }
}
