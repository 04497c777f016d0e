import NIOCore
import SockeyeConsole
import SockeyeLink
import SockeyeSight
import SockeyeTCP
import SockeyeText
import SockeyeTransport
import SockeyeWire
import Synchronization

/// Sees the TCP segments of some ports as they pass, keeps the headers of the last ones, and draws connections from them.
final class PacketSight: ConnectionSight {
  /// An end of a connection.
  fileprivate struct End: Hashable {
    let address: IPAddress
    let port: UInt16
  }

  /// A segment as it passed.
  fileprivate struct Passed {
    let time: UInt64
    let originalLength: Int
    let source: End
    let destination: End
    /// Its beginning: headers, and little more.
    let bytes: [UInt8]
  }

  fileprivate struct State {
    /// How many sessions watch a port.
    var ports: [UInt16: Int] = [:]
    var passed: [Passed] = []
    /// Where the next one goes, once as many are kept as may be.
    var place = 0
    var waker: Waker?
  }

  /// A tap on its way to the thread that looks through it.
  ///
  /// Unchecked: whoever has made it takes its waker, which is Sendable, before the thread starts, and the thread alone has the
  /// rest from then on.
  private final class Tap: @unchecked Sendable {
    let packets: PacketTap
    init(_ packets: consuming PacketTap) { self.packets = packets }
  }

  /// How many segments are kept, and how many bytes of each: an IPv6 header, and the longest of TCP's.
  private static let most = (segments: 65_536, bytes: 120)
  /// How many segments a drawing has at most.
  private static let mostDrawn = 20_000
  /// LINKTYPE_RAW: what a tap sees starts with the IP header.
  private static let bareIP = LinkType(rawValue: 101)

  private let interface: String?
  private let state = Mutex(State())

  /// Sees nothing yet.
  ///
  /// - Parameter interface: Where to look; nil for all interfaces.
  init(interface: String?) { self.interface = interface }

  // MARK: Seeing

  func watch(port: UInt16) throws(Failure) {
    let isFirst = state.withLock { state in
      state.ports[port, default: 0] += 1
      return state.waker == nil
    }
    guard isFirst else { return }
    do throws(Failure) {
      try start()
    } catch {
      leave(port: port)
      throw error
    }
  }

  func leave(port: UInt16) {
    state.withLock { state in
      guard let count = state.ports[port] else { return }
      state.ports[port] = count > 1 ? count - 1 : nil
      if state.ports.isEmpty { state.waker?.wake() }
    }
  }

  private func start() throws(Failure) {
    let tap: Tap
    do throws(LinkError) {
      tap = Tap(try PacketTap(interface: interface))
    } catch {
      throw Failure(.other, .cannotUseDevice(error.phrase, ProgramSentence.seePacketsAsRoot.phrase))
    }
    state.withLock { $0.waker = tap.packets.waker }
    do throws(Failure) {
      try DedicatedThread.start { [self] in look(through: tap) }
    } catch {
      state.withLock { $0.waker = nil }
      throw error
    }
  }

  /// Keeps what passes until nobody watches any more.
  private func look(through tap: Tap) {
    var buffer = [UInt8](repeating: 0, count: 1 << 17)
    while true {
      do throws(LinkError) {
        if let packet = try tap.packets.next(into: &buffer) {
          keep(packet, buffer.span.bytes.extracting(0..<packet.length))
        } else if state.withLock({ state in state.endIfUnwatched() }) {
          return
        }
      } catch {
        // The interface is gone; whoever watches next looks for it again.
        return state.withLock { $0.waker = nil }
      }
    }
  }

  private func keep(_ packet: PacketTap.Packet, _ bytes: RawSpan) {
    guard let found = Dissection(bytes, linkType: Self.bareIP, originalLength: packet.originalLength) else { return }
    let source = End(address: found.source, port: found.header.sourcePort)
    let destination = End(address: found.destination, port: found.header.destinationPort)
    state.withLock { state in
      guard state.ports[source.port] != nil || state.ports[destination.port] != nil else { return }
      let count = min(bytes.byteCount, Self.most.bytes)
      let passed = Passed(
        time: packet.time,
        originalLength: packet.originalLength,
        source: source,
        destination: destination,
        bytes: (0..<count).map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
      )
      if state.passed.count < Self.most.segments {
        state.passed.append(passed)
      } else {
        state.passed[state.place] = passed
        state.place = (state.place + 1) % Self.most.segments
      }
    }
  }

  // MARK: Drawing

  func text(of connection: ConnectionEnds, in language: Language) -> [String]? {
    guard let found = summary(of: connection) else { return nil }
    var style = SequenceDiagramText.Style()
    style.language = language
    return SequenceDiagramText(style).lines(SequenceDiagram(found.conversation))
  }

  func page(of connection: ConnectionEnds, in language: Language) -> DiagramPage? {
    guard let found = summary(of: connection) else { return nil }
    let title = "\(found.key.first) → \(found.key.second)"
    var page = ConversationPage(found.conversation, title: .literal(title))
    page.language = language
    page.missedEvents = found.missedSegments
    return DiagramPage(html: page.html(), policy: ConversationPage.policy)
  }

  /// What a connection did: the last one of its ports.
  private func summary(of connection: ConnectionEnds) -> ConversationSummary? {
    guard let local = End(connection.local), let remote = End(connection.remote) else {
      return nil
    }
    let (passed, place) = state.withLock { ($0.passed, $0.place) }
    var limits = ConversationTable.Limits()
    limits.segments = Self.mostDrawn
    limits.keepsHeaders = true
    var table = ConversationTable(limits: limits)
    for (number, each) in (passed[place...] + passed[..<place]).enumerated() {
      guard each.source == local && each.destination == remote || each.source == remote && each.destination == local
      else {
        continue
      }
      let captured = CapturedPacket(
        number: UInt64(number),
        time: each.time,
        bytes: 0..<each.bytes.count,
        originalLength: UInt32(clamping: each.originalLength),
        linkType: Self.bareIP,
        comment: ""
      )
      table.add(each.bytes.span.bytes, captured)
    }
    return table.conversations.last
  }
}

extension PacketSight.State {
  /// Whether nobody watches any more, after which somebody has to start anew.
  fileprivate mutating func endIfUnwatched() -> Bool {
    guard ports.isEmpty else { return false }
    waker = nil
    return true
  }
}

extension PacketSight.End {
  /// An end as sockets name it; the zone of an address says nothing on the wire.
  fileprivate init?(_ address: SocketAddress) {
    guard let port = address.port.flatMap(UInt16.init(exactly:)), let text = address.ipAddress,
      let address = IPAddress(text.prefix { $0 != "%" })
    else { return nil }
    self.init(address: address, port: port)
  }
}
