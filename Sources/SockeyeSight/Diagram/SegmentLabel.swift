internal import SockeyeText
internal import SockeyeWire

/// A segment in one line, as people write it: `SYN seq=0 win=64240 mss=1460`.
public struct SegmentLabel: Sendable {
  /// Whether sequence numbers are shown as they stand on the wire instead of counted from the start of the stream.
  public var isAbsolute = false

  /// A label with relative numbers.
  public init() {}

  /// A packet of any kind in at most so many columns.
  public func text(_ packet: SequenceDiagram.Packet, width: Int = .max) -> String {
    switch packet {
    case .segment(let segment): text(segment, width: width)
    case .datagram(let datagram): DisplayWidth.shortened(datagram.text, to: width)
    }
  }

  /// The segment in at most so many columns: the most important things come first, and what doesn't fit is left out.
  public func text(_ segment: Segment, width: Int = .max) -> String {
    var text = ""
    for part in parts(segment) {
      let longer = text.isEmpty ? part : text + " " + part
      guard longer.utf8.count <= width else { break }
      text = longer
    }
    return text
  }

  private func parts(_ segment: Segment) -> [String] {
    let header = segment.header
    let flags = names(header.flags)
    var parts = segment.stranger.map { ["\($0)"] } ?? []
    parts.append(flags.isEmpty ? "(no flags)" : flags.joined(separator: ","))
    let start = isAbsolute ? nil : segment.sequence
    parts.append("seq=\(start.map(String.init) ?? String(header.sequenceNumber))")
    if header.flags.contains(.ack) {
      let acknowledgment = isAbsolute ? nil : segment.acknowledgment
      parts.append("ack=\(acknowledgment.map(String.init) ?? String(header.acknowledgmentNumber))")
    }
    if segment.payloadLength > 0 { parts.append("len=\(segment.payloadLength)") }
    parts.append("win=\(segment.offeredWindow)")
    return parts + options(header.options, segment)
  }

  /// The names of the flags that are set, in the order in which people say them.
  func names(_ flags: TCPFlags) -> [String] {
    let names: [(TCPFlags, String)] = [
      (.syn, "SYN"), (.fin, "FIN"), (.rst, "RST"), (.psh, "PSH"), (.urg, "URG"), (.ece, "ECE"), (.cwr, "CWR"),
      (.ack, "ACK"),
    ]
    return names.filter { flags.contains($0.0) }.map(\.1)
  }

  private func options(_ options: TCPOptions, _ segment: Segment) -> [String] {
    var parts: [String] = []
    if let size = options.maximumSegmentSize { parts.append("mss=\(size)") }
    if let shift = options.windowScale { parts.append("wscale=\(shift)") }
    if options.sackPermitted { parts.append("sackOK") }
    let blocks = options.sackBlocks
    for index in blocks.indices {
      parts.append("sack=\(position(blocks[index].left, segment))-\(position(blocks[index].right, segment))")
    }
    return parts
  }

  /// A SACK block's edge, counted as the acknowledgment beside it is.
  private func position(_ edge: UInt32, _ segment: Segment) -> String {
    guard !isAbsolute, let acknowledgment = segment.acknowledgment else { return String(edge) }
    let distance = Int64(Int32(bitPattern: edge &- segment.header.acknowledgmentNumber))
    return String(Int64(clamping: acknowledgment) + distance)
  }
}
