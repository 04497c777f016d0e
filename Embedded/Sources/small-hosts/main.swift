import CSmallMachine

// Two hosts, with everything between them, on a machine that has 256 KiB of heap: eight connections at once carry 64 KiB
// each, twice over, so that what the first eight needed is there for the next.

do throws(SmallHosts.Failure) {
  var hosts = try SmallHosts()
  for _ in 0..<2 { try hosts.transfer(1 << 16, connections: 8) }
} catch {
  switch error {
  case .refused: print("a socket call failed")
  case .altered: print("a byte arrived that was not sent")
  case .stuck: print("not all of it arrived")
  }
  preconditionFailure("two small hosts don't work")
}
print("Embedded Swift: 16 transfers of 64 KiB between 2 hosts that share 256 KiB of heap arrived whole.")
small_machine_report()
