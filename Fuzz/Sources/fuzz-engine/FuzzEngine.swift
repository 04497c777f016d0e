import Glibc

/// One connection against a peer that says whatever the input makes it say: no trap, no hang, no broken rule.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEngine(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var peer = HostilePeer(UnsafeBufferPointer(start: start, count: count))
  peer.run()
  Totals.add(segments: peer.segmentCount)
  return 0
}

/// How many segments all runs together have delivered, told at the end.
private enum Totals {
  // The fuzzer runs its inputs one after another, on one thread.
  nonisolated(unsafe) private static var segments = 0

  static func add(segments count: Int) {
    if segments == 0 { atexit { Totals.tell() } }
    segments += max(count, 1)
  }

  private static func tell() {
    print("\(segments) segments delivered")
  }
}
