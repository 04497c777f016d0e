import Crypto
import SockeyeHost
import SockeyeTCP

/// A connection that one of the services answers.
struct ServedConnection {
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

  /// Does what can be done now. Returns whether the connection has come to its end and should be closed.
  ///
  /// - Throws: why it failed.
  mutating func run(on host: inout RingHost, room: UnsafeMutableRawBufferPointer) throws(SocketError) -> Bool {
    do throws(SocketError) {
      switch service {
      case .echo: return try echo(&host, room)
      case .discard, .sink: return try take(&host)
      case .daytime: return try tellTime(&host)
      case .chargen: return try give(.characters, &host)
      case .source: return try give(.noise, &host)
      }
    } catch {
      if error == .wouldBlock { return false }
      throw error
    }
  }

  private mutating func echo(_ host: inout RingHost, _ room: UnsafeMutableRawBufferPointer) throws(SocketError) -> Bool
  {
    while true {
      while !held.isEmpty {
        let count = try host.write(held.span.bytes, to: handle)
        held = held.dropFirst(count)
      }
      var span = room.mutableBytes
      let count = try host.read(into: &span, from: handle)
      guard count > 0 else { return true }
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

  private mutating func take(_ host: inout RingHost) throws(SocketError) -> Bool {
    while true {
      let count = try host.read(from: handle) { bytes in
        bytes.withUnsafeBytes { digest?.update(bufferPointer: $0) }
        return bytes.byteCount
      }
      guard let count else { return true }
      received += UInt64(count)
    }
  }

  private mutating func tellTime(_ host: inout RingHost) throws(SocketError) -> Bool {
    _ = try host.write(HostService.daytimeText.span.bytes, to: handle)
    return true
  }

  /// Sends until nothing more is taken; ends when it has sent everything, or the peer has closed its side.
  private mutating func give(_ pattern: RepeatingPattern, _ host: inout RingHost) throws(SocketError) -> Bool {
    do throws(SocketError) {
      while try host.read(from: handle, { $0.byteCount }) != nil {}
      return true
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
    return true
  }

  /// One line on what passed, for a source or a sink.
  func summary(now: Instant) -> String? {
    guard service == .source || service == .sink else { return nil }
    let count = service == .source ? sent : received
    let elapsed = max((now - begun).nanoseconds, 1)
    let rate = RateText.bits(Double(count) * 8e9 / Double(elapsed))
    let verb = service == .source ? "took" : "sent"
    var line =
      "\(service.rawValue): \(remote.text) \(verb) \(count) bytes in \(RateText.seconds(elapsed)) s, \(rate)bit/s"
    if let digest {
      line += ", sha256 " + digest.finalize().map { RateText.hexadecimal($0) }.joined()
    }
    return line
  }
}
