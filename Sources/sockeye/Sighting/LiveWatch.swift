import Glibc
import SockeyeLink
import SockeyeSight
import SockeyeTCP
import SockeyeText
import SockeyeTransport
import SockeyeWire

/// Shows TCP segments as they pass, a line each, and at the end a table of connections.
struct LiveWatch {
  /// What is watched.
  enum Subject {
    /// All that passes an interface.
    case interface(String)
    /// The connections of a process, wherever they pass.
    case process(Int32)
  }

  let subject: Subject
  let port: UInt16?
  let lines: LiveLines
  /// What is written of the streams, instead of a line for each segment.
  var follow: FollowOutput?

  /// Watches until INT or TERM comes. Returns the connections that were seen.
  mutating func run() throws -> ConversationTable {
    var sockets = try processSockets()
    let tap = try open()
    let waker = tap.waker
    Signals.shared.onEnding { _ in waker.wake() }
    if case .process(let number) = subject { ProcessEnd.call(of: number) { waker.wake() } }
    // Segments are shown and forgotten; what is kept of a connection is of fixed size.
    var limits = ConversationTable.Limits()
    limits.segments = 0
    limits.port = port
    var table = ConversationTable(limits: limits)
    var buffer = [UInt8](repeating: 0, count: 1 << 17)
    var count: UInt64 = 0
    StandardError.say(beginning)
    while let packet = try next(tap, into: &buffer) {
      count += 1
      let captured = CapturedPacket(
        number: count,
        time: packet.time,
        bytes: 0..<packet.length,
        originalLength: UInt32(clamping: packet.originalLength),
        linkType: LinkType(rawValue: Self.bareIP),
        comment: ""
      )
      let bytes = buffer.span.bytes.extracting(0..<packet.length)
      guard isWanted(bytes, packet, &sockets), let seen = table.add(bytes, captured) else { continue }
      if follow != nil {
        try follow?.take(seen, bytes.extracting(seen.payload), in: table)
      } else {
        lines.show(seen, in: table.conversations[seen.index])
      }
    }
    let missed = tap.takeMissedCount()
    if missed > 0 { StandardError.say(.packetsMissed(missed)) }
    return table
  }

  /// LINKTYPE_RAW: what a tap sees starts with the IP header.
  private static let bareIP: UInt32 = 101

  private var beginning: ProgramSentence {
    switch subject {
    case .interface(let name): .watching(VisibleText.of(name))
    case .process(let number): .watchingProcess(number)
    }
  }

  private func next(_ tap: borrowing PacketTap, into buffer: inout [UInt8]) throws(Failure) -> PacketTap.Packet? {
    do throws(LinkError) {
      return try tap.next(into: &buffer)
    } catch {
      throw failure(error)
    }
  }

  private func open() throws -> PacketTap {
    do throws(LinkError) {
      switch subject {
      case .interface(let name): return try PacketTap(interface: name)
      case .process: return try PacketTap(interface: nil)
      }
    } catch {
      throw failure(error)
    }
  }

  /// The sockets of the process that is watched, in whose network the tap is opened then; nil for an interface.
  private func processSockets() throws -> ProcessSockets? {
    guard case .process(let number) = subject else { return nil }
    do throws(LinkError) {
      let sockets = try ProcessSockets(process: number)
      try sockets.enterNetwork()
      return sockets
    } catch {
      throw failure(error)
    }
  }

  private func isWanted(_ bytes: RawSpan, _ packet: PacketTap.Packet, _ sockets: inout ProcessSockets?) -> Bool {
    guard sockets != nil else { return true }
    guard
      let found = Dissection(
        bytes,
        linkType: LinkType(rawValue: Self.bareIP),
        originalLength: packet.originalLength
      )
    else { return false }
    return sockets?.own(
      from: ProcessSockets.Place(address: found.source, port: found.header.sourcePort),
      to: ProcessSockets.Place(address: found.destination, port: found.header.destinationPort),
      isArrivingSYN: found.header.flags.contains(.syn) && !found.header.flags.contains(.ack) && !packet.isOutgoing,
      at: packet.time
    ) ?? false
  }

  private func failure(_ error: LinkError) -> Failure {
    let advice: ProgramSentence =
      switch (error.number, subject) {
      case (EPERM, .process), (EACCES, .process): .seeProcessAsRoot
      case (EPERM, .interface): .seePacketsAsRoot
      case (_, .process): .seeProcesses
      case (_, .interface): .seeLinks
      }
    return Failure(.other, .cannotUseDevice(error.phrase, advice.phrase))
  }
}
