import Glibc

/// Channels on two hosts, and an input that says what is done to them, how time passes, and what befalls the packets between
/// the two. Each channel keeps the order of its events, and all promises are fulfilled.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzChannel(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let program = FuzzProgram(UnsafeBufferPointer(start: start, count: count))
  let session = ChannelSession(ChannelStep(program.header))
  for index in 0..<program.count { session.run(ChannelStep(program[index])) }
  session.finish()
  precondition(session.problems.isEmpty, session.problems.joined(separator: "; "))
  Totals.add(packets: session.packetCount)
  return 0
}

extension ChannelStep {
  fileprivate init(_ step: FuzzStep) {
    self.init(operation: step.operation, a: step.a, b: step.b, c: step.c, value: step.value)
  }
}

/// How many packets all runs together have delivered, told at the end.
private enum Totals {
  // The fuzzer runs its inputs one after another, on one thread.
  nonisolated(unsafe) private static var packets = 0
  nonisolated(unsafe) private static var runs = 0

  static func add(packets count: Int) {
    if runs == 0 { atexit { Totals.tell() } }
    runs += 1
    packets += count
  }

  private static func tell() {
    print("\(packets) packets delivered")
  }
}
