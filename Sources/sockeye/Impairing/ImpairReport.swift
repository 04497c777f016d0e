import Glibc
import SockeyeGateway
import SockeyeSimulator
import SockeyeText
import SockeyeTransport

/// What `impair` says of streams and packets.
enum ImpairReport {
  /// Prints an event.
  static func show(_ line: JSONLine) {
    print(line.line)
    fflush(nil)
  }

  /// Tells of a stream, and of what went wrong by `complaints`.
  static func show(_ event: StreamForwarder.Event, _ complaints: RepeatedComplaints, json: Bool, quiet: Bool) {
    switch event {
    case .opened(let client, let count):
      tell("opened", zh: "已打开", client?.text, count, json: json, quiet: quiet)
    case .closed(let client, let count):
      tell("closed", zh: "已关闭", client?.text, count, json: json, quiet: quiet)
    case .turnedAway(let client):
      let client = client?.text ?? Speech.text(Phrase("a client", zh: "某个客户端"))
      let line = Phrase("\(client) was turned away; raise --max-streams", zh: "\(client) 被拒之门外；请增大 --max-streams")
      complaints.tell(Speech.text(line))
    case .failed(let failure):
      complaints.tell(failure.phrase.spoken)
    }
  }

  private static func tell(
    _ what: String,
    zh chinese: String,
    _ client: String?,
    _ count: Int,
    json: Bool,
    quiet: Bool
  ) {
    let client = client ?? "unknown"
    if json {
      var line = JSONLine(event: what)
      line.add("client", client)
      line.add("streams", count)
      show(line)
    } else if !quiet {
      let line = Phrase("\(client) \(what) (\(count) at present)", zh: "\(client) \(chinese)（目前 \(count) 个）")
      StandardError.say(Speech.text(line))
    }
  }

  /// What happened to packets, as an event.
  static func line(_ counters: PathCounters, event: String) -> JSONLine {
    var line = JSONLine(event: event)
    for (name, direction) in [("up", counters.up), ("down", counters.down)] {
      let link = direction.link
      line.add("\(name)Packets", link.packets)
      line.add("\(name)Bytes", link.bytes)
      line.add("\(name)Lost", link.losses)
      line.add("\(name)QueueDrops", link.queueDrops + direction.overflowDrops)
      line.add("\(name)Duplicated", link.duplicates)
      line.add("\(name)Reordered", link.reordered)
      line.add("\(name)Corrupted", link.corrupted)
    }
    return line
  }

  /// The same for a person.
  static func text(_ counters: PathCounters) -> String {
    Speech.text(
      Phrase(
        "up: \(text(counters.up)); down: \(text(counters.down))",
        zh: "上行：\(text(counters.up))；下行：\(text(counters.down))"
      )
    )
  }

  private static func text(_ direction: DirectionCounters) -> String {
    let link = direction.link
    var parts = [Phrase("\(link.packets) packets", zh: "\(link.packets) 个数据包")]
    parts.append(.literal(ByteText.of(Int64(clamping: link.bytes))))
    let rest: [(count: UInt64, what: Phrase)] = [
      (link.losses, Phrase("lost", zh: "个丢失")),
      (link.queueDrops + direction.overflowDrops, Phrase("dropped by the queue", zh: "个被队列丢弃")),
      (link.duplicates, Phrase("twice", zh: "个重复")),
      (link.reordered, Phrase("late", zh: "个迟到")),
      (link.corrupted, Phrase("altered", zh: "个被改动")),
    ]
    for (count, what) in rest where count > 0 {
      parts.append(Phrase("\(count) \(what.english)", zh: "\(count) \(what.chinese)"))
    }
    return Speech.text(
      Phrase(parts.map(\.english).joined(separator: ", "), zh: parts.map(\.chinese).joined(separator: "，"))
    )
  }
}

/// Tells from time to time what happened to packets; nothing where nothing has since.
struct ImpairReporter {
  private let json: Bool
  private let quiet: Bool
  private var last: PathCounters?

  init(json: Bool, quiet: Bool) {
    self.json = json
    self.quiet = quiet
  }

  mutating func show(_ counters: PathCounters) {
    guard counters != last else { return }
    last = counters
    show(counters, event: "counters")
  }

  /// The last word.
  func showEnd(_ counters: PathCounters) {
    show(counters, event: "ended")
  }

  private func show(_ counters: PathCounters, event: String) {
    if json {
      ImpairReport.show(ImpairReport.line(counters, event: event))
    } else if !quiet {
      StandardError.say(ImpairReport.text(counters))
    }
  }
}
