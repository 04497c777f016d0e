import Glibc
import Testing

/// A number of the environment's.
private func setting(_ name: String, _ usual: UInt64) -> UInt64 {
  getenv(name).flatMap { UInt64(String(cString: $0)) } ?? usual
}

@Suite("The file service and the downloader for a day of virtual time")
struct SimulatedDayTests {
  /// How many days are lived (SOCKEYE_DAYS), and the first one's seed (SOCKEYE_DAY).
  static let days = setting("SOCKEYE_DAYS", 3)
  static let first = setting("SOCKEYE_DAY", 1)
  /// How often one day is lived again (SOCKEYE_DAY_RUNS).
  static let runs = setting("SOCKEYE_DAY_RUNS", 2)

  @Test("Through loss, partitions and crashes, each file is right or the failure told, and nothing is left")
  func days() throws {
    let served = try ServedFolder()
    var (whole, failed) = (0, 0)
    for seed in Self.first..<Self.first + Self.days {
      let account = try SimulatedDay(seed: seed, serving: served).run()
      #expect(account.faults.isEmpty, "seed \(seed): \(account.faults)")
      #expect(account.whole > 10, "seed \(seed): \(account)")
      whole += account.whole
      failed += account.failed
    }
    print("\(Self.days) days from seed \(Self.first): \(whole) files fetched, \(failed) failures told")
  }

  @Test("One seed gives one trace of a day, however often it is lived")
  func sameDay() throws {
    let served = try ServedFolder()
    let first = try SimulatedDay(seed: Self.first, serving: served).run()
    #expect(first.packets > 1000)
    print("day \(Self.first): \(first.packets) packets, trace \(String(first.digest, radix: 16))")
    for _ in 1..<Self.runs {
      let again = try SimulatedDay(seed: Self.first, serving: served).run()
      #expect(again == first)
      if again != first { break }
    }
  }
}
