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
    buffer = allocator.buffer(capacity: capacity)
    if status == .ok {
      buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
    } else {
      buffer.writeStaticString("HTTP/1.1 ")
      buffer.writeString(String(status.rawValue))
      buffer.writeStaticString(" ")
      buffer.writeStaticString(status.phrase)
      buffer.writeStaticString("\r\n")
    }
    buffer.writeImmutableBuffer(date)
  }

  /// Writes a field. The value comes from this server, or has been freed of control characters.
  mutating func field(_ name: StaticString, _ value: String) {
    buffer.writeStaticString(name)
    buffer.writeStaticString(": ")
    buffer.writeString(value)
    buffer.writeStaticString("\r\n")
  }

  mutating func field(_ name: StaticString, _ value: Int64) { field(name, String(value)) }

  /// Writes lines that were made before.
  mutating func lines(_ lines: StaticString) { buffer.writeStaticString(lines) }

  /// Ends the head of the response to a request.
  mutating func end(_ request: HTTPExchange.Request) {
    if let lines = request.responseLines { buffer.writeString(lines) }
    if !request.keepAlive {
      buffer.writeStaticString("Connection: close\r\n\r\n")
    } else if request.isHTTP10 {
      buffer.writeStaticString("Connection: keep-alive\r\n\r\n")
    } else {
      buffer.writeStaticString("\r\n")
    }
  }
}
