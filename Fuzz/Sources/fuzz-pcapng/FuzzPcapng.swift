import SockeyeWire

/// Captures of others: each block is further on than the last, and each packet lies inside the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPcapng(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: start, count: count).bytes
  var reader = PcapngReader()
  var offset = 0
  while let block = try? reader.next(in: input) {
    precondition(reader.offset >= offset + 12 && reader.offset <= count, "a block that goes nowhere")
    offset = reader.offset
    guard case .packet(let packet) = block else { continue }
    precondition(packet.bytes.upperBound <= offset, "a packet beyond its block")
    precondition(packet.interface < reader.interfaces.count, "an interface that isn't there")
  }
  return 0
}
