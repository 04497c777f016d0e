import ArgumentParser
import Foundation
import SockeyeSimulator
import SockeyeTCP

/// Prints the tables of `Documentation/Scenarios.md`.
struct ScenarioTables: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scenarios",
    abstract: "Print tables of what the congestion controllers make of known networks.",
    discussion:
      "The tables are Markdown, and the same on every machine. With --check, also says whether the aims are met."
  )

  @Flag(help: "Fail unless the aims are met.")
  var check = false

  func run() throws {
    var aims: [Aim] = []
    print(
      """
      # Scenarios

      What the engine makes of known networks, by simulation: virtual time, packets by their lengths, one seed. Written
      by `scripts/scenarios`; the same on every machine, so a change here is a change of behaviour.

      Rates are of the bottleneck, delays are round trips, segments have 1448 bytes of data in packets of 1500. Goodput
      is what the receiving program read. A share is goodput of what the bottleneck can carry of data
      (1448 of 1500 bytes). Retransmitted is bytes sent again of bytes sent.
      """
    )
    shortTransfer(&aims)
    manyFlows()
    noLoss(&aims)
    randomLoss()
    reordering(&aims)
    impairmentsBothWays()
    lostAcknowledgments()
    bufferbloat()
    outage()
    competition()
    for aim in aims where check {
      FileHandle.standardError.write(Data("\(aim.isMet ? "met" : "MISSED"): \(aim.text)\n".utf8))
    }
    if check, aims.contains(where: { !$0.isMet }) { throw ExitCode.failure }
  }

  private var algorithms: [CongestionControlAlgorithm] { [.cubic, .newReno, .bbr] }

  // MARK: One flow

  private func shortTransfer(_ aims: inout [Aim]) {
    section(
      "A short transfer through a small queue",
      "2 MiB over 200 Mb/s, 100 ms, a drop-tail queue of 64 KiB.",
      ["", "MB/s, from open to close", "drops", "timeouts", "retransmitted"]
    )
    for algorithm in algorithms {
      var scenario = Scenario(rate: 200, roundTrip: 100, queue: 65_536)
      scenario.addFlow(algorithm, bytes: 2 << 20)
      let result = scenario.run(until: 60)
      let flow = result.flows[0]
      let speed = flow.transferRate / 1e6
      row([name(algorithm), fixed(speed, 2), "\(result.drops)", "\(flow.timeouts)", percent(flow.retransmitted)])
      if algorithm == .cubic {
        aims.append(Aim("2 MiB at 1.4 MB/s or more with CUBIC: \(fixed(speed, 2))", speed >= 1.4))
        aims.append(Aim("no timeout in it: \(flow.timeouts)", flow.timeouts == 0))
      }
    }
  }

  private func noLoss(_ aims: inout [Aim]) {
    section(
      "No loss",
      "One flow over 200 Mb/s, 40 ms, a queue of one bandwidth-delay product; 30 s.",
      Scenario.columns
    )
    for algorithm in algorithms {
      var scenario = Scenario(rate: 200, roundTrip: 40, queue: 1_000_000)
      scenario.addFlow(algorithm)
      let result = scenario.run(until: 30)
      row([name(algorithm)] + result.cells)
      if algorithm == .cubic {
        aims.append(Aim("CUBIC has 0.95 of the bottleneck: \(fixed(result.share, 3))", result.share >= 0.95))
      }
    }
  }

  private func randomLoss() {
    section(
      "Random loss",
      "One flow over 1 Gb/s, 20 ms, a queue of one bandwidth-delay product; 20 s.",
      ["loss"] + Scenario.columns
    )
    for loss in [0.0001, 0.001, 0.01, 0.05] {
      for algorithm in algorithms {
        var scenario = Scenario(rate: 1_000, roundTrip: 20, queue: 2_500_000)
        scenario.forward.loss = .independent(loss)
        scenario.addFlow(algorithm)
        row([percent(loss), name(algorithm)] + scenario.run(until: 20).cells)
      }
    }
  }

  private func reordering(_ aims: inout [Aim]) {
    section(
      "Reordering",
      "One flow over 100 Mb/s, 40 ms; a share of packets is held up by 5 ms; 30 s.",
      ["reordered"] + Scenario.columns + ["recoveries", "undone"]
    )
    for share in [0.01, 0.1] {
      for algorithm in algorithms {
        var scenario = Scenario(rate: 100, roundTrip: 40, queue: 500_000)
        scenario.forward.reordering = share
        scenario.forward.reorderingDelay = .milliseconds(5)
        scenario.addFlow(algorithm)
        let result = scenario.run(until: 30)
        let flow = result.flows[0]
        row([percent(share), name(algorithm)] + result.cells + ["\(flow.recoveries)", "\(flow.undone)"])
        if algorithm == .cubic {
          let text = "CUBIC has 0.95 of the bottleneck with \(percent(share)) held up: \(fixed(result.share, 3))"
          aims.append(Aim(text, result.share >= 0.95))
        }
      }
    }
  }

  /// The paths over which scripts/beside-linux measures the kernel's TCP.
  private func impairmentsBothWays() {
    section(
      "Impairments both ways",
      "One flow over 100 Mb/s, 40 ms, a queue of one bandwidth-delay product; packets of both directions are held up by "
        + "5 ms, or lost; 30 s.",
      ["packets", "of both ways"] + Scenario.columns
    )
    for isLoss in [false, true] {
      for share in isLoss ? [0.01, 0.05] : [0.01, 0.1] {
        for algorithm in algorithms {
          var scenario = Scenario(rate: 100, roundTrip: 40, queue: 500_000)
          scenario.forward.reordering = isLoss ? 0 : share
          scenario.forward.reorderingDelay = .milliseconds(5)
          scenario.forward.loss = isLoss ? .independent(share) : .none
          scenario.back = scenario.forward
          scenario.addFlow(algorithm)
          row([isLoss ? "lost" : "held up", percent(share), name(algorithm)] + scenario.run(until: 30).cells)
        }
      }
    }
  }

  private func lostAcknowledgments() {
    section("Half of the acknowledgments lost", "One flow over 100 Mb/s, 40 ms; 30 s.", Scenario.columns)
    for algorithm in algorithms {
      var scenario = Scenario(rate: 100, roundTrip: 40, queue: 500_000)
      scenario.back.loss = .independent(0.5)
      scenario.addFlow(algorithm)
      row([name(algorithm)] + scenario.run(until: 30).cells)
    }
  }

  private func bufferbloat() {
    section(
      "Bufferbloat",
      "One flow over 20 Mb/s, 40 ms, a queue of 2.5 MB, which is a second; 60 s.",
      Scenario.columns + ["mean queue, ms", "peak queue, ms"]
    )
    for algorithm in algorithms {
      var scenario = Scenario(rate: 20, roundTrip: 40, queue: 2_500_000)
      scenario.addFlow(algorithm)
      let result = scenario.run(until: 60)
      row([name(algorithm)] + result.cells + [fixed(result.meanQueueDelay, 0), fixed(result.peakQueueDelay, 0)])
    }
  }

  private func outage() {
    section(
      "An outage",
      "One flow over 100 Mb/s, 40 ms; from 10 s to 15 s nothing passes; 30 s.",
      Scenario.columns + ["resumed after, ms", "MB in the second after that"]
    )
    for algorithm in algorithms {
      var scenario = Scenario(rate: 100, roundTrip: 40, queue: 500_000)
      scenario.forward.outages = [Scenario.instant(10)..<Scenario.instant(15)]
      scenario.back.outages = scenario.forward.outages
      scenario.addFlow(algorithm)
      let result = scenario.run(until: 30, resumptionAfter: 15)
      row([name(algorithm)] + result.cells + [fixed(result.resumedAfter, 0), fixed(result.afterResumption / 1e6, 1)])
    }
  }

  // MARK: Many flows

  private func manyFlows() {
    section(
      "One flow and many through a small queue",
      "200 Mb/s, 100 ms, a drop-tail queue of 64 KiB; 60 s.",
      ["flows"] + Scenario.columns + ["Jain's index"]
    )
    for count in [1, 64] {
      for algorithm in algorithms {
        var scenario = Scenario(rate: 200, roundTrip: 100, queue: 65_536)
        for _ in 0..<count { scenario.addFlow(algorithm) }
        let result = scenario.run(until: 60)
        row(["\(count)", name(algorithm)] + result.cells + [count > 1 ? fixed(result.fairness, 3) : ""])
      }
    }
  }

  private func competition() {
    section(
      "Competition",
      "Flows of different controllers share 100 Mb/s, 40 ms, a queue of one bandwidth-delay product; 60 s.",
      ["flows", "Mb/s of each", "share of all", "drops", "Jain's index"]
    )
    let contests: [[CongestionControlAlgorithm]] = [
      [.cubic, .cubic], [.newReno, .newReno], [.bbr, .bbr], [.cubic, .newReno], [.cubic, .bbr], [.newReno, .bbr],
      [.cubic, .newReno, .bbr],
    ]
    for contest in contests {
      var scenario = Scenario(rate: 100, roundTrip: 40, queue: 500_000)
      for algorithm in contest { scenario.addFlow(algorithm) }
      let result = scenario.run(until: 60)
      row([
        contest.map(name).joined(separator: ", "),
        result.flows.map { fixed($0.goodput * 8 / 1e6, 1) }.joined(separator: ", "), fixed(result.share, 3),
        "\(result.drops)", fixed(result.fairness, 3),
      ])
    }
  }

  // MARK: Markdown

  private func section(_ title: String, _ text: String, _ columns: [String]) {
    print("\n## \(title)\n\n\(text)\n")
    row(columns)
    row(columns.map { _ in "---" })
  }

  private func row(_ cells: [String]) {
    print("| \(cells.joined(separator: " | ")) |")
  }

  private func name(_ algorithm: CongestionControlAlgorithm) -> String {
    switch algorithm {
    case .newReno: "NewReno"
    case .cubic: "CUBIC"
    case .bbr: "BBR"
    case .supplied(let controller): "\(controller.name)"
    }
  }
}

/// Something that the tables should show.
private struct Aim {
  let text: String
  let isMet: Bool

  init(_ text: String, _ isMet: Bool) {
    self.text = text
    self.isMet = isMet
  }
}

func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

func percent(_ share: Double) -> String {
  let value = fixed(share * 100, 2)
  return "\(value) %"
}
