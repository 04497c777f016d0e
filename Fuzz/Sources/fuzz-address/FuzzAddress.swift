import SockeyeWire

/// Addresses as text: whatever is read is read again from what it is written as.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAddress(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  guard let address = IPAddress(text) else { return 0 }
  precondition(IPAddress(address.description) == address, "read otherwise than written")
  return 0
}
