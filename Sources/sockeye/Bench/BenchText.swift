import Histogram
import SockeyeText

/// What a bench has measured, in words and figures for a person, and as JSON.
struct BenchText {
  private static let percentiles: [Double] = [50, 90, 99, 99.9]

  let settings: BenchSettings
  let place: String

  /// What is about to be measured.
  var opening: String {
    let (what, duration) = (subject, DurationArgument(settings.duration))
    return Speech.text(
      Phrase(
        "\(place): \(what.english), for \(duration); interrupt to end early",
        zh: "\(place)：\(what.chinese)，持续 \(duration)；中断可以提前结束"
      )
    )
  }

  private var subject: Phrase {
    let (count, size, direction) = (settings.connections, settings.size, settings.direction.rawValue)
    let connections = count == 1 ? "one connection" : "\(count) connections"
    let sockets = count == 1 ? "one socket" : "\(count) sockets"
    let pace = settings.rate.map { Phrase(", \($0) a second", zh: "，每秒 \($0) 次") } ?? .literal("")
    switch settings.mode {
    case .bulk:
      return Phrase("bulk \(direction), over \(connections)", zh: "用 \(count) 个连接成批传输（\(direction)）")
    case .echo:
      return Phrase(
        "round trips of \(size) bytes over \(connections)\(pace.english)",
        zh: "在 \(count) 个连接上来回传 \(size) 字节\(pace.chinese)"
      )
    case .connections:
      return Phrase(
        "connections, \(count) at once, with \(size) bytes each way\(pace.english)",
        zh: "建立连接，同时 \(count) 个，双向各 \(size) 字节\(pace.chinese)"
      )
    case .datagrams:
      return Phrase(
        "datagrams of \(size) bytes from \(sockets)\(pace.english)",
        zh: "从 \(count) 个套接字发送 \(size) 字节的数据报\(pace.chinese)"
      )
    case .http:
      return Phrase("HTTP requests over \(connections)\(pace.english)", zh: "在 \(count) 个连接上发送 HTTP 请求\(pace.chinese)")
    }
  }

  // MARK: On the way

  /// How it has gone since the last line.
  func progress(_ seconds: Double, _ since: BenchMeter.Reading, _ interval: Double) -> String {
    let time = "\(RateText.decimal(seconds, places: 0)) s"
    guard settings.mode == .bulk else {
      let rate = Self.number(Double(since.operations) / interval)
      return Speech.text(Phrase("\(time): \(rate) a second", zh: "\(time)：每秒 \(rate) 次"))
    }
    let rates = settings.directions.map { direction in
      let bytes = direction == .up ? since.bytesUp : since.bytesDown
      return "\(direction.rawValue) \(RateText.bits(Double(bytes) * 8 / interval))bit/s"
    }
    return Speech.text(
      Phrase("\(time): \(rates.joined(separator: ", "))", zh: "\(time)：\(rates.joined(separator: "，"))")
    )
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

  func lines(_ result: BenchResult) -> [String] { phrases(result).map(Speech.text) }

  private func phrases(_ result: BenchResult) -> [Phrase] {
    var lines: [Phrase] = []
    if let up = result.up { lines += bulk(up, "up") }
    if let down = result.down { lines += bulk(down, "down") }
    if settings.mode != .bulk { lines += operations(result) }
    if result.failures > 0 { lines.append(Phrase("\(result.failures) failed", zh: "\(result.failures) 个失败")) }
    lines.append(processor(result))
    return lines
  }

  private func bulk(_ bulk: BenchResult.Bulk, _ name: String) -> [Phrase] {
    let tenths = [1, 50, 99].map { percentile in
      "p\(percentile) \(RateText.bits(Double(bulk.rates.valueAtPercentile(Double(percentile)))))bit/s"
    }
    let (rate, size) = ("\(RateText.bits(bulk.bitsPerSecond))bit/s", "\(RateText.bits(Double(bulk.bytes)))B")
    let seconds = RateText.decimal(bulk.seconds, places: 2)
    return [
      Phrase("\(name): \(rate): \(size) in \(seconds) s", zh: "\(name)：\(rate)：\(seconds) s 内 \(size)"),
      Phrase(
        "  in tenths of a second: \(tenths.joined(separator: ", "))",
        zh: "  按十分之一秒计：\(tenths.joined(separator: "，"))"
      ),
    ]
  }

  private func operations(_ result: BenchResult) -> [Phrase] {
    let name =
      switch settings.mode {
      case .connections: Phrase("connections", zh: "个连接")
      case .http: Phrase("requests", zh: "个请求")
      default: Phrase("round trips", zh: "次往返")
      }
    let (rate, count) = (Self.number(result.perSecond), result.operations)
    let seconds = RateText.decimal(result.seconds, places: 2)
    var lines = [
      Phrase(
        "\(rate) \(name.english) a second: \(count) in \(seconds) s",
        zh: "每秒 \(rate) \(name.chinese)：\(seconds) s 内 \(count) \(name.chinese)"
      )
    ]
    if settings.mode == .datagrams {
      let share = result.sent > 0 ? Double(result.lost) / Double(result.sent) * 100 : 0
      let lost = "\(result.lost) (\(RateText.decimal(share, places: 2)) %)"
      lines.append(
        Phrase(
          "  sent \(result.sent), lost \(lost), \(result.duplicates) came twice, \(result.reordered) out of order",
          zh: "  发送 \(result.sent)，丢失 \(lost)，重复 \(result.duplicates)，乱序 \(result.reordered)"
        )
      )
    }
    if result.refusals > 0 {
      let count = result.refusals
      lines.append(Phrase("  \(count) were answered with something else than 2xx", zh: "  \(count) 个的应答不是 2xx"))
    }
    guard result.operations > 0 else { return lines }
    let times = result.latencies
    let middle = Self.percentiles.map {
      "p\(RateText.decimal($0, places: 1)) \(Self.time(times.valueAtPercentile($0)))"
    }
    let figures = ["min \(Self.time(times.min))"] + middle + ["max \(Self.time(times.maxRecorded))"]
    lines.append(
      Phrase("  took: \(figures.joined(separator: ", "))", zh: "  用时：\(figures.joined(separator: "，"))")
    )
    return lines
  }

  private func processor(_ result: BenchResult) -> Phrase {
    func share(_ used: Duration) -> Phrase {
      let seconds = Double(used.nanoseconds) / 1e9
      let cores = RateText.decimal(result.seconds > 0 ? seconds / result.seconds : 0, places: 2)
      let each = each(seconds, result)
      return Phrase("\(cores) cores\(each.english)", zh: "\(cores) 个核心\(each.chinese)")
    }
    let here = share(result.processor)
    guard let there = result.serverProcessor.map(share) else {
      return Phrase("processor here: \(here.english)", zh: "这里的处理器：\(here.chinese)")
    }
    return Phrase(
      "processor here: \(here.english); there: \(there.english)",
      zh: "这里的处理器：\(here.chinese)；那里的：\(there.chinese)"
    )
  }

  /// How much each operation, or gigabyte, has cost.
  private func each(_ seconds: Double, _ result: BenchResult) -> Phrase {
    if settings.mode == .bulk {
      let bytes = Double((result.up?.bytes ?? 0) + (result.down?.bytes ?? 0))
      guard bytes > 0 else { return .literal("") }
      let cost = RateText.decimal(seconds / bytes * 1e9, places: 2)
      return Phrase(", \(cost) s for each GB", zh: "，每 GB \(cost) s")
    }
    guard result.operations > 0 else { return .literal("") }
    let cost = RateText.decimal(seconds / Double(result.operations) * 1e6, places: 1)
    return Phrase(", \(cost) µs each", zh: "，每次 \(cost) µs")
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
