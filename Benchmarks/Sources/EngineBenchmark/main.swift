import Glibc

// What one segment costs, and what one idle connection holds. See `scripts/instructions` for the figure that is kept.
//
//   EngineBenchmark speed [seconds]        segments a second
//   EngineBenchmark segments <count> [<segments a plan>]
//                                          exchanges this many and nothing else: for callgrind
//   EngineBenchmark memory                 bytes of an idle connection; fails if a kibibyte or more

let arguments = CommandLine.arguments
switch arguments.dropFirst().first ?? "speed" {
case "speed":
  measureSpeed(seconds: Double(arguments.dropFirst(2).first ?? "") ?? 2)
case "segments":
  let segmentsPerPlan = Int(arguments.dropFirst(3).first ?? "") ?? Exchange.longestPlan
  var exchange = Exchange(over: PacketSlots(), segmentsPerPlan: segmentsPerPlan)
  exchange.run(segments: Int(arguments.dropFirst(2).first ?? "") ?? 100_000)
  print("\(exchange.segments) segments")
case "memory":
  exit(measureMemory() ? 0 : 1)
default:
  print("usage: EngineBenchmark speed [seconds] | segments <count> | memory")
  exit(64)
}
