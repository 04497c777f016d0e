import SockeyeWire

/// IP headers of both families, options and extension headers: whatever is read lies inside the packet, and an IPv4
/// header reads the same when it is written again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzIP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: start, count: count).bytes
  if let (header, payload) = try? IPv4Header.parse(input, verifiesChecksum: false) {
    precondition(payload.upperBound <= count, "a payload beyond its packet")
    readOptions(header.options)
    withUnsafeTemporaryAllocation(byteCount: header.length + payload.count, alignment: 1) { buffer in
      var bytes = buffer.mutableBytes
      header.emit(into: &bytes, payloadLength: payload.count)
      guard let (again, _) = try? IPv4Header.parse(buffer.bytes) else { preconditionFailure("written, not read") }
      precondition(again == header, "read otherwise than written")
    }
  }
  if let (header, payload) = try? IPv6Header.parse(input) {
    precondition(payload.upperBound <= count, "a payload beyond its packet")
    if let headers = try? IPv6ExtensionHeaders.parse(input, header: header, payload: payload) {
      precondition(headers.payload.lowerBound >= payload.lowerBound, "a payload before its headers")
      precondition(headers.payload.upperBound == payload.upperBound, "a payload that ends elsewhere")
      precondition(headers.nextHeaderOffset < headers.payload.lowerBound, "a pointer into the payload")
    }
  }
  return 0
}

private func readOptions(_ options: IPv4Options) {
  var position = 0
  while let option = try? options.next(after: &position) {
    precondition(option.data.upperBound <= options.count, "an option beyond its area")
  }
}
