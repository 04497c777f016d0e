import Synchronization

/// What a service counts.
final class ServiceMetrics: Sendable {
  /// Things that are counted as they happen.
  enum Event: Int, CaseIterable, Sendable {
    case requests
    case bareNames
    case deniedRequests
    case stalledConnections
    case brokenTransfers

    var name: String {
      switch self {
      case .requests: "http_requests"
      case .bareNames: "bare_names"
      case .deniedRequests: "denied_requests"
      case .stalledConnections: "stalled_connections"
      case .brokenTransfers: "broken_transfers"
      }
    }

    var help: String {
      switch self {
      case .requests: "Requests by HTTP."
      case .bareNames: "Requests by the bare-name protocol."
      case .deniedRequests: "Requests without the right password."
      case .stalledConnections: "Connections ended because their client took nothing for too long."
      case .brokenTransfers: "Responses cut short because the file changed or could not be read."
      }
    }
  }

  private let requests = Atomic<Int64>(0)
  private let bareNames = Atomic<Int64>(0)
  private let deniedRequests = Atomic<Int64>(0)
  private let stalledConnections = Atomic<Int64>(0)
  private let brokenTransfers = Atomic<Int64>(0)
  private let accepted = Atomic<Int64>(0)
  private let open = Atomic<Int64>(0)
  private let bytes = Atomic<Int64>(0)
  private let statuses = Mutex<[Int: Int64]>([:])

  func count(_ event: Event) {
    switch event {
    case .requests: requests.wrappingAdd(1, ordering: .relaxed)
    case .bareNames: bareNames.wrappingAdd(1, ordering: .relaxed)
    case .deniedRequests: deniedRequests.wrappingAdd(1, ordering: .relaxed)
    case .stalledConnections: stalledConnections.wrappingAdd(1, ordering: .relaxed)
    case .brokenTransfers: brokenTransfers.wrappingAdd(1, ordering: .relaxed)
    }
  }

  func connectionOpened() {
    accepted.wrappingAdd(1, ordering: .relaxed)
    open.wrappingAdd(1, ordering: .relaxed)
  }

  func connectionClosed() { open.wrappingSubtract(1, ordering: .relaxed) }

  func sent(_ count: Int64) { bytes.wrappingAdd(count, ordering: .relaxed) }

  func responded(_ status: HTTPStatus, bytes: Int64) {
    sent(bytes)
    statuses.withLock { $0[status.rawValue, default: 0] += 1 }
  }

  /// Connections that are open now.
  var openConnections: Int64 { open.load(ordering: .relaxed) }

  private func value(_ event: Event) -> Int64 {
    switch event {
    case .requests: requests.load(ordering: .relaxed)
    case .bareNames: bareNames.load(ordering: .relaxed)
    case .deniedRequests: deniedRequests.load(ordering: .relaxed)
    case .stalledConnections: stalledConnections.load(ordering: .relaxed)
    case .brokenTransfers: brokenTransfers.load(ordering: .relaxed)
    }
  }

  /// All counts in the text format of Prometheus, version 0.0.4.
  var exposition: String {
    var text = ""
    func family(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: Int64)]) {
      text += "# HELP sockeye_\(name) \(help)\n# TYPE sockeye_\(name) \(type)\n"
      for sample in samples { text += "sockeye_\(name)\(sample.labels) \(sample.value)\n" }
    }
    family("connections_open", "gauge", "Connections that are open.", [("", openConnections)])
    family("connections_total", "counter", "Connections accepted.", [("", accepted.load(ordering: .relaxed))])
    family("sent_bytes_total", "counter", "Bytes of bodies sent.", [("", bytes.load(ordering: .relaxed))])
    for event in Event.allCases {
      family("\(event.name)_total", "counter", event.help, [("", value(event))])
    }
    let statuses = self.statuses.withLock { $0 }.sorted { $0.key < $1.key }
    family(
      "http_responses_total",
      "counter",
      "Responses by HTTP, by status.",
      statuses.map { ("{code=\"\($0.key)\"}", $0.value) }
    )
    return text
  }
}
