import SockeyeWire

/// ICMP messages of both families, and the packets that they quote.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzICMP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: start, count: count).bytes
  _ = try? ICMPQuote.parse(input)
  // A checksum that fits is beyond a fuzzer's guesses: the message is read under one that does.
  guard count >= ICMPv4Message.headerLength, count <= 65535 else { return 0 }
  withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { buffer in
    buffer.copyMemory(from: UnsafeRawBufferPointer(start: start, count: count))
    check(buffer, isIPv6: false)
    check(buffer, isIPv6: true)
  }
  return 0
}

private func check(_ buffer: UnsafeMutableRawBufferPointer, isIPv6: Bool) {
  let source = IPv6Address.loopback
  let destination = IPv6Address.allNodes
  buffer[2] = 0
  buffer[3] = 0
  var sum =
    isIPv6
    ? InternetChecksum(
      pseudoHeaderFrom: .v6(source),
      to: .v6(destination),
      protocolNumber: 58,
      length: buffer.count
    ) : InternetChecksum()
  sum.add(buffer.bytes)
  buffer[2] = UInt8(sum.checksum >> 8)
  buffer[3] = UInt8(sum.checksum & 0xFF)
  if isIPv6 {
    guard let (_, payload) = try? ICMPv6Message.parse(buffer.bytes, from: source, to: destination) else {
      preconditionFailure("a right message refused")
    }
    precondition(payload == 8..<buffer.count, "a payload elsewhere")
  } else {
    guard let (message, payload) = try? ICMPv4Message.parse(buffer.bytes) else {
      preconditionFailure("a right message refused")
    }
    precondition(payload == 8..<buffer.count, "a payload elsewhere")
    if message.isError { _ = try? ICMPQuote.parse(buffer.bytes.extracting(payload)) }
  }
}
