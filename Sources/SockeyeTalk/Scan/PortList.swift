public import SockeyeTransport

/// Several ports of one host, as a user writes them: `22,80,8000-8010,ssh`.
public struct PortList: Hashable, Sendable {
  /// Where the ports are; the port that it has itself is the first of them.
  public let endpoint: Endpoint
  /// The ports, each once, in the order in which they were written.
  public let ports: [UInt16]

  /// Reads the words of a command line, in the grammar of endpoints with more than one port in it.
  ///
  /// - Returns: Nothing where no more than one port is written: then it is an endpoint.
  /// - Throws: A failure of kind `usage` when a port makes no sense, or the host doesn't.
  public static func parse(_ words: [String]) throws(Failure) -> PortList? {
    guard let last = words.last, words.count <= 2, !last.hasPrefix("unix:"), !last.hasPrefix("unixgram:") else {
      return nil
    }
    // A port alone has no host before it, and a host in brackets ends with one.
    let start = words.count == 2 ? last.startIndex : last.lastIndex(of: ":").map(last.index(after:)) ?? last.startIndex
    let text = last[start...]
    guard !text.contains("]"), text.contains(",") || range(text) != nil else { return nil }

    var isListed = [Bool](repeating: false, count: 1 << 16)
    var ports: [UInt16] = []
    for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let range = range(entry) ?? ServiceName.port(entry).map({ $0...$0 }), range.lowerBound > 0 else {
        throw Failure(.usage, .badPortList("\(entry)"))
      }
      for port in range where !isListed[Int(port)] {
        isListed[Int(port)] = true
        ports.append(port)
      }
    }
    guard let first = ports.first else { return nil }
    let place = words.count == 2 ? [words[0], "\(first)"] : ["\(last[..<start])\(first)"]
    let endpoint = try Endpoint.parse(place)
    guard endpoint.scheme == nil || endpoint.scheme == .tcp else { throw Failure(.usage, .portListIsForTCP) }
    return PortList(endpoint: endpoint, ports: ports)
  }

  /// Two numbers with a hyphen between them; the names of services may have hyphens, too.
  private static func range(_ text: Substring) -> ClosedRange<UInt16>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = UInt16(ends[0]), let last = UInt16(ends[1]), first <= last else { return nil }
    return first...last
  }
}
