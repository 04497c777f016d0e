import Crypto
import SockeyeHost
import SockeyeTCP

/// A connection that one of the services answers.
struct ServedConnection {
  /// Who ended a connection, and how.
  enum Ending {
    /// The peer's FIN came first.
    case peerFinished
    /// All was said, and our FIN goes first.
    case finished
    /// This side reset it.
    case aborted
    case failed(SocketError)

    var sentence: ProgramSentence {
      switch self {
      case .peerFinished: .peerFirst
      case .finished: .weFirst
      case .aborted: .resetByUs
      case .failed(.reset): .resetByPeer
      case .failed(.timedOut): .peerSilent
      case .failed(let error): .socketError("\(error)")
      }
    }
  }

  let service: HostService
  let handle: Handle
  let remote: Endpoint
  private let options: MeasuringOptions
  private let begun: Instant
  private var sent: UInt64 = 0
  private var received: UInt64 = 0
  /// What an echo has read and not yet been able to write.
  private var held: ArraySlice<UInt8> = []
  private var digest: SHA256?

  init(_ service: HostService, _ handle: Handle, _ remote: Endpoint, _ options: MeasuringOptions, now: Instant) {
    self.service = service
    self.handle = handle
    self.remote = remote
    self.options = options
    begun = now
    if options.takesDigest, service == .source || service == .sink { digest = SHA256() }
  }

  /// Does what can be done now. Returns how the connection has come to its end, when it has, and should be closed.
  ///
  /// - Throws: why it failed.
  mutating func run(on host: inout RingHost, room: UnsafeMutableRawBufferPointer) throws(SocketError) -> Ending? {
    do throws(SocketError) {
      switch service {
      case .echo: return try echo(&host, room)
      case .discard, .sink: return try take(&host)
      case .daytime: return try tellTime(&host)
      case .chargen: return try give(.characters, &host)
      case .source: return try give(.noise, &host)
      }
    } catch {
      if error == .wouldBlock { return nil }
      throw error
    }
  }

  private mutating func echo(
    _ host: inout RingHost,
    _ room: UnsafeMutableRawBufferPointer
  ) throws(SocketError) -> Ending {
    while true {
      while !held.isEmpty {
        let count = try host.write(held.span.bytes, to: handle)
        held = held.dropFirst(count)
      }
      var span = room.mutableBytes
      let count = try host.read(into: &span, from: handle)
      guard count > 0 else { return .peerFinished }
      let taken = try echo(span.bytes.extracting(0..<count), to: &host)
      if taken < count { held = ArraySlice(room[taken..<count]) }
    }
  }

  /// Writes what has been read, straight from where it is. Returns how much was taken; the rest is held.
  private func echo(_ bytes: RawSpan, to host: inout RingHost) throws(SocketError) -> Int {
    do throws(SocketError) {
      return try host.write(bytes, to: handle)
    } catch {
      if error == .wouldBlock { return 0 }
      throw error
    }
  }

  private mutating func take(_ host: inout RingHost) throws(SocketError) -> Ending {
    while true {
      let count = try host.read(from: handle) { bytes in
        bytes.withUnsafeBytes { digest?.update(bufferPointer: $0) }
        return bytes.byteCount
      }
      guard let count else { return .peerFinished }
      received += UInt64(count)
    }
  }

  private mutating func tellTime(_ host: inout RingHost) throws(SocketError) -> Ending {
    _ = try host.write(HostService.daytimeText.span.bytes, to: handle)
    return .finished
  }

  /// Sends until nothing more is taken; ends when it has sent everything, or the peer has closed its side.
  private mutating func give(_ pattern: RepeatingPattern, _ host: inout RingHost) throws(SocketError) -> Ending {
    do throws(SocketError) {
      while try host.read(from: handle, { $0.byteCount }) != nil {}
      return .peerFinished
    } catch  where error == .wouldBlock {}
    let end = service == .source ? options.sourceLength ?? .max : .max
    while sent < end {
      let count = try pattern.withBytes(from: sent, atMost: end - sent) { bytes throws(SocketError) in
        let count = try host.write(bytes, to: handle)
        bytes.extracting(0..<count).withUnsafeBytes { digest?.update(bufferPointer: $0) }
        return count
      }
      sent += UInt64(count)
    }
    return .finished
  }

  /// One line on what passed, for a source or a sink.
  func summary(now: Instant) -> ProgramSentence? {
    guard service == .source || service == .sink else { return nil }
    let elapsed = max((now - begun).nanoseconds, 1)
    let count = service == .source ? sent : received
    let figures = MeasuredTransfer(
      service: service,
      peer: remote.text,
      bytes: count,
      seconds: RateText.seconds(elapsed),
      rate: RateText.bits(Double(count) * 8e9 / Double(elapsed)) + "bit/s",
      digest: digest.map { $0.finalize().map { RateText.hexadecimal($0) }.joined() }
    )
    return .measured(figures)
  }
}

/// What a source has sent, or a sink has taken.
struct MeasuredTransfer: Sendable {
  let service: HostService
  let peer: String
  let bytes: UInt64
  let seconds: String
  let rate: String
  let digest: String?
}
