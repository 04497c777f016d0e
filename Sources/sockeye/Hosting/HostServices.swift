import SockeyeHost
import SockeyeTCP
import SockeyeText

/// Runs services on a host: takes connections and datagrams as they become ready, and answers them.
struct HostServices {
  /// Called with a line about each connection that has opened or ended.
  let report: (ProgramSentence) -> Void
  private let options: MeasuringOptions
  private var listeners: [Handle: HostService] = [:]
  private var datagramSockets: [Handle: HostService] = [:]
  private var connections: [Handle: ServedConnection] = [:]
  private var isEnding = false
  private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)

  init(_ options: MeasuringOptions, report: @escaping (ProgramSentence) -> Void) {
    self.options = options
    self.report = report
  }

  /// How many connections there are.
  var connectionCount: Int { connections.count }

  /// Begins a service at a port, any free one for 0. Returns the port.
  ///
  /// - Throws: `SocketError.addressInUse`.
  mutating func add(_ service: HostService, port: UInt16, on host: inout RingHost) throws(SocketError) -> UInt16 {
    let listener = host.makeSocket(.stream, .v6)
    try host.bind(listener, to: nil, port: port)
    try host.listen(listener, backlog: 4096)
    listeners[listener] = service
    let chosen = try host.localEndpoint(of: listener).port
    if service.hasDatagrams {
      let socket = host.makeSocket(.datagram, .v6)
      try host.bind(socket, to: nil, port: chosen)
      datagramSockets[socket] = service
    }
    return chosen
  }

  /// Does whatever has become possible.
  mutating func run(on host: inout RingHost) {
    while let handle = host.nextReady() {
      if connections[handle] != nil {
        advance(handle, on: &host)
      } else if let service = listeners[handle] {
        accept(handle, service, on: &host)
      } else if let service = datagramSockets[handle] {
        answerDatagrams(handle, service, on: &host)
      }
    }
  }

  private mutating func accept(_ listener: Handle, _ service: HostService, on host: inout RingHost) {
    while let handle = try? host.accept(listener) {
      guard let remote = try? host.remoteEndpoint(of: handle) else { continue }
      connections[handle] = ServedConnection(service, handle, remote, options, now: host.now)
      report(.serviceConnected(service, remote.text))
      advance(handle, on: &host)
    }
  }

  private mutating func advance(_ handle: Handle, on host: inout RingHost) {
    do throws(SocketError) {
      guard let ending = try connections[handle]?.run(on: &host, room: room) else { return }
      end(handle, ending, on: &host)
    } catch {
      end(handle, .failed(error), on: &host)
    }
  }

  private mutating func end(_ handle: Handle, _ ending: ServedConnection.Ending, on host: inout RingHost) {
    if let connection = connections[handle] {
      if let summary = connection.summary(now: host.now) { report(summary) }
      report(.serviceClosed(connection.service, connection.remote.text, ending.sentence.phrase))
    }
    connections[handle] = nil
    try? host.close(handle)
  }

  /// Answers datagrams. An answer's hop limit is one less than what was left of the question's, as if it went on from here:
  /// two services that answer each other, on whatever ports, come to an end after as many rounds as a packet may have hops.
  private func answerDatagrams(_ socket: Handle, _ service: HostService, on host: inout RingHost) {
    var span = room.mutableBytes
    while true {
      let hopsLeft = (try? host.hopLimitOfNextDatagram(at: socket)) ?? 0
      guard let (length, source) = try? host.receiveDatagram(into: &span, from: socket) else { return }
      if HostService.answeringPorts.contains(source.port) || hopsLeft <= 1 { continue }
      let hopLimit = hopsLeft - 1
      switch service {
      case .echo:
        try? host.send(span.bytes.extracting(0..<length), to: source, hopLimit: hopLimit, from: socket)
      case .chargen:
        try? RepeatingPattern.characters.withBytes(from: 0, atMost: 74) { line throws(SocketError) in
          try host.send(line, to: source, hopLimit: hopLimit, from: socket)
        }
      case .daytime:
        try? host.send(HostService.daytimeText.span.bytes, to: source, hopLimit: hopLimit, from: socket)
      case .discard, .source, .sink:
        break
      }
    }
  }

  /// Takes no more connections, and ends those that would never end by themselves.
  mutating func drain(on host: inout RingHost) {
    guard !isEnding else { return }
    isEnding = true
    for handle in [Handle](listeners.keys) + [Handle](datagramSockets.keys) { try? host.close(handle) }
    listeners = [:]
    datagramSockets = [:]
    for (handle, connection) in connections where connection.service == .chargen || connection.service == .source {
      end(handle, .finished, on: &host)
    }
  }

  /// Resets the connections that are left.
  mutating func abort(on host: inout RingHost) {
    for handle in connections.keys {
      if var options = try? host.options(of: handle) {
        options.lingerTime = .zero
        try? host.setOptions(options, of: handle)
      }
      end(handle, .aborted, on: &host)
    }
  }
}
