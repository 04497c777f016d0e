import NIOCore

/// The head of a response, written straight into the buffer that it leaves in.
///
/// NIO's own encoder takes headers as an array of pairs of strings; a file server writes the same few fields some ten
/// thousand times a second.
struct ResponseHead: ~Copyable {
  var buffer: ByteBuffer

  /// Begins a response.
  ///
  /// - Parameters:
  ///   - date: The `Date` field with its line's end.
  ///   - capacity: How much room to make: for the head, and for a body that is to follow it in the same buffer.
  init(_ status: HTTPStatus, date: ByteBuffer, allocator: ByteBufferAllocator, capacity: Int = 512) {
    self.buffer = allocator.buffer(capacity: capacity)
    if status == .ok {
      self.buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
    } else {
      self.buffer.writeStaticString("HTTP/1.1 ")
      self.buffer.writeString(String(status.rawValue))
      self.buffer.writeStaticString(" ")
      self.buffer.writeStaticString(status.phrase)
      self.buffer.writeStaticString("\r\n")
    }
    self.buffer.writeImmutableBuffer(date)
  }

  /// Writes a field. The value comes from this server, or has been freed of control characters.
  mutating func field(_ name: StaticString, _ value: String) {
    self.buffer.writeStaticString(name)
    self.buffer.writeStaticString(": ")
    self.buffer.writeString(value)
    self.buffer.writeStaticString("\r\n")
  }

  mutating func field(_ name: StaticString, _ value: Int64) { self.field(name, String(value)) }

  /// Writes lines that were made before.
  mutating func lines(_ lines: StaticString) { self.buffer.writeStaticString(lines) }

  /// Ends the head.
  mutating func end(keepAlive: Bool, isHTTP10: Bool) {
    if !keepAlive {
      self.buffer.writeStaticString("Connection: close\r\n\r\n")
    } else if isHTTP10 {
      self.buffer.writeStaticString("Connection: keep-alive\r\n\r\n")
    } else {
      self.buffer.writeStaticString("\r\n")
    }
  }
}
