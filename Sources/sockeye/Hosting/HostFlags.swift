import ArgumentParser
import NIOCore
import SockeyeHost
import SockeyeSight
import SockeyeTCP
import SockeyeTransport

/// The services of `sockeye host`.
struct HostServiceFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Give back what comes (RFC 862).", valueName: "port"))
  var echo: UInt16?

  @Option(help: ArgumentHelp("Take what comes (RFC 863).", valueName: "port"))
  var discard: UInt16?

  @Option(help: ArgumentHelp("Send characters without end (RFC 864).", valueName: "port"))
  var chargen: UInt16?

  @Option(help: ArgumentHelp("Tell the time (RFC 867).", valueName: "port"))
  var daytime: UInt16?

  @Option(help: ArgumentHelp("Send as fast as possible until the peer closes.", valueName: "port"))
  var source: UInt16?

  @Option(help: ArgumentHelp("Take what comes, and say how much it was and how fast.", valueName: "port"))
  var sink: UInt16?

  @Option(help: ArgumentHelp("How much --source sends before it closes (default: no end).", valueName: "size"))
  var bytes: SizeArgument?

  @Flag(help: "Say the SHA-256 of what --source has sent and --sink has taken.")
  var digest = false

  var options: MeasuringOptions {
    MeasuringOptions(sourceLength: bytes.map { UInt64(clamping: $0.bytes) }, takesDigest: digest)
  }

  private var wanted: [(HostService, UInt16)] {
    let all: [(HostService, UInt16?)] = [
      (.echo, echo), (.discard, discard), (.chargen, chargen), (.daytime, daytime), (.source, source), (.sink, sink),
    ]
    return all.compactMap { service, port in port.map { (service, $0) } }
  }

  /// Starts what was asked for, and answers with the ports, which may have been left to the host.
  func start(
    _ services: inout HostServices,
    on host: inout RingHost
  ) throws(Failure) -> [(service: HostService, port: UInt16)] {
    var ports: [(service: HostService, port: UInt16)] = []
    for (service, port) in wanted {
      do throws(SocketError) {
        ports.append((service, try services.add(service, port: port, on: &host)))
      } catch {
        throw Failure(.usage, .portTwice(port, service.rawValue))
      }
    }
    return ports
  }
}

/// What `sockeye host` says.
struct HostReportFlags: ParsableArguments {
  @Flag(
    help: """
      Print the connections on standard output every second, as 'ss -ti' would, and between that each state that one enters.
      """
  )
  var status = false

  @Option(help: ArgumentHelp("How often --status prints.", valueName: "duration"))
  var every = DurationArgument(.seconds(1))

  @Option(help: ArgumentHelp("Write what passes the device to a capture (pcapng).", valueName: "file"))
  var capture: String?

  @Option(help: ArgumentHelp("Write the services' addresses here once listening.", valueName: "file"))
  var readyFile: String?

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  var interval: Interval { .nanoseconds(every.amount.nanoseconds) }

  func validate() throws {
    if every.amount < .milliseconds(1) { throw ValidationError(.everyRange) }
  }

  /// Has the host tell each state that a connection enters, with the seconds since `start`.
  func printStates(of host: inout RingHost, since start: Instant) {
    guard status else { return }
    host.stateObserver = { change in
      let time = RateText.decimal(Double((change.time - start).nanoseconds) / 1e9, places: 6)
      print("\(time) s  \(change.local.text) \(change.remote.text)  \(change.state.standardName)")
    }
  }

  /// Prints all connections.
  func printStatus(of host: borrowing RingHost) {
    var lines = [ConnectionStatus.heading]
    host.forEachConnection { lines.append($0.text) }
    print(lines.joined(separator: "\n"))
  }
}
