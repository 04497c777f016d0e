import SockeyeWire

/// Whatever is read as a TCP header can be written, and reads the same again; and UDP never names bytes that aren't there.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTCP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: start, count: count).bytes
  if let (header, payload) = try? TCPHeader.parse(input) {
    precondition(payload.upperBound == count, "a payload that ends elsewhere")
    withUnsafeTemporaryAllocation(byteCount: header.length, alignment: 1) { buffer in
      var bytes = buffer.mutableBytes
      header.emit(into: &bytes)
      guard let (again, _) = try? TCPHeader.parse(buffer.bytes) else { preconditionFailure("written, not read") }
      precondition(again == header, "read otherwise than written")
    }
  }
  if let (_, payload) = try? UDPHeader.parse(input) {
    precondition(payload.upperBound <= count, "a datagram beyond its packet")
  }
  return 0
}
