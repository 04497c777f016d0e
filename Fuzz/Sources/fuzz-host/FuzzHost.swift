import CHeap
import Glibc

/// Two whole hosts, known only by the C interface, and an input that says which calls are made, how time passes, what
/// befalls the packets between the two, and which others come from nowhere. No trap, no leak, and no host that goes on for
/// ever while no time passes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHost(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let program = FuzzProgram(UnsafeBufferPointer(start: start, count: count))
  Totals.add(packets: packetCount(of: program))
  if Totals.runs.isMultiple(of: 64) {
    precondition(!(0..<4).allSatisfy { _ in leaks(program) }, "memory that nobody frees")
  }
  return 0
}

/// Whether more memory is in use after some runs than before. What the runtime makes once, and what the allocator keeps at
/// hand, comes and goes; a leak comes each time.
private func leaks(_ program: FuzzProgram) -> Bool {
  let before = heap_in_use()
  for _ in 0..<4 { _ = packetCount(of: program) }
  return heap_in_use() > before
}

/// Runs a program on two new hosts, and returns how many packets they were given.
@inline(never)
private func packetCount(of program: FuzzProgram) -> Int {
  var session = HostSession(program.header)
  for index in 0..<program.count { session.run(program[index]) }
  session.finish()
  session.free()
  return session.packetCount
}

/// How many packets all runs together have delivered, told at the end.
private enum Totals {
  // The fuzzer runs its inputs one after another, on one thread.
  nonisolated(unsafe) private static var packets = 0
  nonisolated(unsafe) private(set) static var runs = 0

  static func add(packets count: Int) {
    if runs == 0 { atexit { Totals.tell() } }
    runs += 1
    packets += count
  }

  private static func tell() {
    print("\(packets) packets delivered")
  }
}
