import NIOCore
import SockeyeTalk
import SockeyeText
import SockeyeTransport

/// `connect -z` over several ports: a line for each on standard output, and what they come to.
extension Connect {
  func scan(_ list: PortList, over transport: Transport) async throws {
    DescriptorLimit.raise()
    Signals.shared.onEnding { signal in Exit.now(signal: signal) }
    let isJSON = flags.isJSON
    let tally = try await PortScan.run(list, over: transport, options: try connectOptions()) { probe in
      StandardOutput.say(isJSON ? probe.json : Self.text(probe))
    }
    try conclude(tally, list.endpoint)
  }

  /// One port as words that a script can take apart: `192.0.2.1:22 open 0.4 ms ssh`.
  private static func text(_ probe: PortProbe) -> String {
    var words = [probe.address.text, probe.state.rawValue]
    if let latency = probe.latency { words.append("\(Double(latency.nanoseconds / 10_000) / 100) ms") }
    if probe.state == .open, let service = probe.service { words.append(VisibleText.of(service)) }
    if let reason = probe.reason { words.append("(\(reason.spoken))") }
    return words.joined(separator: " ")
  }

  /// - Throws: A failure when not every port is open: of kind `network` when one is closed, or else `timedOut`.
  private func conclude(_ tally: PortScan.Tally, _ endpoint: Endpoint) throws(Failure) {
    let (open, closed, filtered) = (tally[.open] ?? 0, tally[.closed] ?? 0, tally[.filtered] ?? 0)
    if flags.isJSON {
      var line = JSONLine(event: "scanned")
      line.add("time", WallTime.now.iso8601)
      line.add("open", open)
      line.add("closed", closed)
      line.add("filtered", filtered)
      StandardOutput.say(line.line)
    }
    let place = endpoint.host ?? "localhost"
    let summary = ProgramSentence.scanned(VisibleText.of(place), open: open, closed: closed, filtered: filtered)
    guard closed + filtered == 0 else { throw Failure(closed > 0 ? .network : .timedOut, summary) }
    if !flags.quiet { StandardError.say(summary) }
  }
}
