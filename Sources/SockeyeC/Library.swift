internal import SockeyeHost
internal import SockeyeTCP
internal import SockeyeWire

/// What a `sockeye_host *` points to: a host, and the small numbers by which C names its sockets.
final class Library {
  var host: RingHost
  private var handles: [Handle?] = []
  /// The least number that may be free: all below it are taken.
  private var leastFree = 0
  /// Sockets whose connection has been begun and not been seen to be open.
  private var isConnecting: Set<Int32> = []

  init(_ configuration: HostConfiguration, now: Instant) {
    host = RingHost(configuration: configuration, now: now)
  }

  /// The least number that is free, as for descriptors.
  func add(_ handle: Handle) -> Int32 {
    while leastFree < handles.count, handles[leastFree] != nil { leastFree += 1 }
    if leastFree == handles.count { handles.append(nil) }
    handles[leastFree] = handle
    leastFree += 1
    return Int32(clamping: leastFree - 1)
  }

  func handle(_ number: Int32) throws(SocketError) -> Handle {
    guard number >= 0, number < handles.count, let handle = handles[Int(number)] else { throw .badHandle }
    return handle
  }

  func close(_ number: Int32) throws(SocketError) {
    try host.close(handle(number))
    handles[Int(number)] = nil
    leastFree = min(leastFree, Int(number))
    isConnecting.remove(number)
  }

  /// Connects as Linux does: a call that finds the connection open for the first time succeeds.
  func connect(_ number: Int32, to endpoint: Endpoint) throws(SocketError) -> ConnectProgress {
    do throws(SocketError) {
      let progress = try host.connect(handle(number), to: endpoint)
      if progress == .inProgress { isConnecting.insert(number) }
      return progress
    } catch {
      guard error == .isConnected, isConnecting.remove(number) != nil else { throw error }
      return .connected
    }
  }
}

extension Instant {
  /// The time of that many microseconds; what doesn't fit is the latest there is.
  init(microseconds: UInt64) {
    let most = UInt64(Int64.max) / 1_000
    self.init(nanoseconds: microseconds > most ? Int64.max - 1 : Int64(microseconds) * 1_000)
  }

  /// Whole microseconds, rounded up, so that what is due at this time is due then.
  var microsecondsRoundedUp: UInt64 {
    let value = UInt64(max(nanoseconds, 0))
    return value / 1_000 + (value % 1_000 == 0 ? 0 : 1)
  }
}

/// Runs `body` on the host behind a pointer, and turns an error into its negative number.
func withLibrary(_ pointer: UnsafeMutableRawPointer?, _ body: (Library) throws(SocketError) -> Int) -> Int {
  guard let pointer else { return -Int(Errno.fault) }
  let library = Unmanaged<Library>.fromOpaque(pointer).takeUnretainedValue()
  do throws(SocketError) {
    return try body(library)
  } catch {
    return -Int(error.number)
  }
}
