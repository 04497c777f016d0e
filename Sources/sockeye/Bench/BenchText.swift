import Histogram
import SockeyeText

/// What a bench has measured, in words and figures for a person, and as JSON.
struct BenchText {
  private static let percentiles: [Double] = [50, 90, 99, 99.9]

  let settings: BenchSettings
  let place: String

  /// What is about to be measured.
  var opening: String {
    let connections = settings.connections == 1 ? "one connection" : "\(settings.connections) connections"
    let pace = settings.rate.map { ", \($0) a second" } ?? ""
    let what =
      switch settings.mode {
      case .bulk: "bulk \(settings.direction.rawValue), over \(connections)"
      case .echo: "round trips of \(settings.size) bytes over \(connections)\(pace)"
      case .connections: "connections, \(settings.connections) at once, with \(settings.size) bytes each way\(pace)"
      case .datagrams:
        "datagrams of \(settings.size) bytes from \(settings.connections == 1 ? "one socket" : "\(settings.connections) sockets")\(pace)"
      case .http: "HTTP requests over \(connections)\(pace)"
      }
    return "\(place): \(what), for \(DurationArgument(settings.duration)); interrupt to end early"
  }

  // MARK: On the way

  /// How it has gone since the last line.
  func progress(_ seconds: Double, _ since: BenchMeter.Reading, _ interval: Double) -> String {
    let time = "\(RateText.decimal(seconds, places: 0)) s"
    guard settings.mode == .bulk else { return "\(time): \(Self.number(Double(since.operations) / interval)) a second" }
    let rates = settings.directions.map { direction in
      let bytes = direction == .up ? since.bytesUp : since.bytesDown
      return "\(direction.rawValue) \(RateText.bits(Double(bytes) * 8 / interval))bit/s"
    }
    return "\(time): \(rates.joined(separator: ", "))"
  }

  func progressLine(_ seconds: Double, _ since: BenchMeter.Reading, _ interval: Double) -> String {
    var event = JSONLine(event: "progress")
    event.add("seconds", seconds: .milliseconds(Int64(seconds * 1000)))
    if settings.mode == .bulk {
      event.add("upBitsPerSecond", Int64(Double(since.bytesUp) * 8 / interval))
      event.add("downBitsPerSecond", Int64(Double(since.bytesDown) * 8 / interval))
    } else {
      event.add("perSecond", Int64(Double(since.operations) / interval))
    }
    return event.line
  }

  // MARK: At the end

  func lines(_ result: BenchResult) -> [String] {
    var lines: [String] = []
    if let up = result.up { lines += bulk(up, "up") }
    if let down = result.down { lines += bulk(down, "down") }
    if settings.mode != .bulk { lines += operations(result) }
    if result.failures > 0 { lines.append("\(result.failures) failed") }
    lines.append(processor(result))
    return lines
  }

  private func bulk(_ bulk: BenchResult.Bulk, _ name: String) -> [String] {
    let tenths = [1, 50, 99].map { percentile in
      "p\(percentile) \(RateText.bits(Double(bulk.rates.valueAtPercentile(Double(percentile)))))bit/s"
    }
    return [
      "\(name): \(RateText.bits(bulk.bitsPerSecond))bit/s: "
        + "\(RateText.bits(Double(bulk.bytes)))B in \(RateText.decimal(bulk.seconds, places: 2)) s",
      "  in tenths of a second: \(tenths.joined(separator: ", "))",
    ]
  }

  private func operations(_ result: BenchResult) -> [String] {
    let name =
      switch settings.mode {
      case .connections: "connections"
      case .http: "requests"
      default: "round trips"
      }
    var lines = [
      "\(Self.number(result.perSecond)) \(name) a second: \(result.operations) in \(RateText.decimal(result.seconds, places: 2)) s"
    ]
    if settings.mode == .datagrams {
      let share = result.sent > 0 ? Double(result.lost) / Double(result.sent) * 100 : 0
      lines.append(
        "  sent \(result.sent), lost \(result.lost) (\(RateText.decimal(share, places: 2)) %), "
          + "\(result.duplicates) came twice, \(result.reordered) out of order"
      )
    }
    if result.refusals > 0 { lines.append("  \(result.refusals) were answered with something else than 2xx") }
    guard result.operations > 0 else { return lines }
    let times = result.latencies
    let middle = Self.percentiles.map {
      "p\(RateText.decimal($0, places: 1)) \(Self.time(times.valueAtPercentile($0)))"
    }
    let figures = ["min \(Self.time(times.min))"] + middle + ["max \(Self.time(times.maxRecorded))"]
    lines.append("  took: \(figures.joined(separator: ", "))")
    return lines
  }

  private func processor(_ result: BenchResult) -> String {
    func share(_ used: Duration) -> String {
      let seconds = Double(used.nanoseconds) / 1e9
      let cores = result.seconds > 0 ? seconds / result.seconds : 0
      return "\(RateText.decimal(cores, places: 2)) cores\(each(seconds, result))"
    }
    let there = result.serverProcessor.map { "; there: \(share($0))" } ?? ""
    return "processor here: \(share(result.processor))\(there)"
  }

  /// How much each operation, or gigabyte, has cost.
  private func each(_ seconds: Double, _ result: BenchResult) -> String {
    if settings.mode == .bulk {
      let bytes = Double((result.up?.bytes ?? 0) + (result.down?.bytes ?? 0))
      return bytes > 0 ? ", \(RateText.decimal(seconds / bytes * 1e9, places: 2)) s for each GB" : ""
    }
    guard result.operations > 0 else { return "" }
    return ", \(RateText.decimal(seconds / Double(result.operations) * 1e6, places: 1)) µs each"
  }

  /// A number with three digits that count, or whole.
  private static func number(_ value: Double) -> String {
    RateText.decimal(value, places: value < 100 ? 1 : 0)
  }

  private static func time(_ nanoseconds: UInt64) -> String {
    let value = Double(nanoseconds)
    if value < 1e3 { return "\(nanoseconds) ns" }
    if value < 1e6 { return "\(RateText.decimal(value / 1e3, places: 1)) µs" }
    if value < 1e9 { return "\(RateText.decimal(value / 1e6, places: 2)) ms" }
    return "\(RateText.decimal(value / 1e9, places: 3)) s"
  }

  /// The whole as one event.
  func resultLine(_ result: BenchResult) -> String {
    var event = JSONLine(event: "result")
    event.add("mode", settings.mode.rawValue)
    event.add("connections", settings.connections)
    event.add("seconds", seconds: .milliseconds(Int64(result.seconds * 1000)))
    for (name, bulk) in [("up", result.up), ("down", result.down)] {
      guard let bulk else { continue }
      event.add("\(name)Bytes", bulk.bytes)
      event.add("\(name)BitsPerSecond", Int64(bulk.bitsPerSecond))
      for percentile in [1, 50, 99] {
        event.add("\(name)BitsPerSecondP\(percentile)", bulk.rates.valueAtPercentile(Double(percentile)))
      }
    }
    if settings.mode != .bulk { add(result, to: &event) }
    event.add("failures", result.failures)
    event.add("processorNanoseconds", result.processor.nanoseconds)
    if let there = result.serverProcessor { event.add("serverProcessorNanoseconds", there.nanoseconds) }
    return event.line
  }

  private func add(_ result: BenchResult, to event: inout JSONLine) {
    if settings.mode != .http { event.add("size", settings.size) }
    event.add("operations", result.operations)
    event.add("perSecond", Int64(result.perSecond))
    if settings.mode == .datagrams {
      event.add("sent", result.sent)
      event.add("lost", result.lost)
      event.add("duplicates", result.duplicates)
      event.add("reordered", result.reordered)
    }
    if settings.mode == .http { event.add("refusals", result.refusals) }
    guard result.operations > 0 else { return }
    event.add("nanosecondsMin", result.latencies.min)
    for (name, percentile) in [("P50", 50), ("P90", 90), ("P99", 99), ("P999", 99.9)] {
      event.add("nanoseconds\(name)", result.latencies.valueAtPercentile(percentile))
    }
    event.add("nanosecondsMax", result.latencies.maxRecorded)
  }
}
