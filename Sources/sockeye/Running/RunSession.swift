import Glibc
import SockeyeGateway
import SockeyeLink
import SockeyeText
import SockeyeTransport

/// A command and its network, from beginning to end.
final class RunSession: Sendable {
  private let configuration: ChildConfiguration
  private let name: String
  private let gatewayConfiguration: GatewayConfiguration
  private let log: ConnectionLog
  private let report: ReportChoice
  private let saysSeed: Bool
  private let output: Output

  /// Where the command's standard output goes.
  enum Output {
    /// To this program's, which the command has alone.
    case own
    /// To this program's standard error, since its output is this program's.
    case errors
  }

  /// How long connections that the command has left may take to end.
  private static let drainLimit = Duration.seconds(10)

  init(
    _ configuration: ChildConfiguration,
    named name: String,
    _ gatewayConfiguration: GatewayConfiguration,
    _ log: ConnectionLog,
    report: ReportChoice,
    saysSeed: Bool,
    output: Output = .own
  ) {
    self.configuration = configuration
    self.name = name
    self.gatewayConfiguration = gatewayConfiguration
    self.log = log
    self.report = report
    self.saysSeed = saysSeed
    self.output = output
  }

  /// Runs the command, and ends as it did.
  func run() async throws {
    let (end, child) = try await conclude()
    log.tell(report)
    try pass(on: end, of: child)
  }

  /// Runs the command to its end, and that of its connections.
  func conclude() async throws -> (ChildEnd, ChildProcess) {
    let (child, processes, device) = try await prepare()
    // The command keeps the limit that it would have had.
    DescriptorLimit.raise()
    let gateway = try device.map { try openGateway(on: $0, processes) }
    try await gateway?.start()
    begin(child)
    let end = await child.end
    await gateway?.settle()
    await log.untilAllHaveEnded(within: Self.drainLimit)
    await gateway?.stop()
    return (end, child)
  }

  private func prepare() async throws(Failure) -> (ChildProcess, ProcessFinder, ChildDevice?) {
    // The command's descriptors are those of this moment.
    let own: Int32 = output == .errors ? StandardDescriptors.outputToErrors() : -1
    defer { if own >= 0 { StandardDescriptors.restoreOutput(own) } }
    do throws(ChildError) {
      return try await ChildProcess.prepare(configuration)
    } catch {
      throw Failure(.other, error.phrase)
    }
  }

  private func openGateway(on child: ChildDevice, _ processes: ProcessFinder) throws(Failure) -> Gateway {
    let device: TunnelDevice
    do throws(LinkError) {
      device = try TunnelDevice(
        adopting: child.descriptor,
        kind: child.kind,
        name: ChildNetwork.deviceName,
        maximumTransmissionUnit: configuration.network?.maximumTransmissionUnit ?? 1_500,
        offload: configuration.network?.hasOffload ?? true
      )
    } catch {
      throw Failure(error)
    }
    let log = log
    var configuration = gatewayConfiguration
    configuration.processes = processes
    return try Gateway(device: device, configuration: configuration) { log.note($0) }
  }

  private func begin(_ child: ChildProcess) {
    if saysSeed, report.resolved(.error) != .none { StandardError.say(.seed(gatewayConfiguration.seed)) }
    child.proceed()
    StandardDescriptors.leave(withOutput: output == .own)
  }

  /// Ends this program as the command ended.
  func pass(on end: ChildEnd, of child: ChildProcess) throws -> Never {
    switch end {
    case .exited(let code): Exit.passing(code)
    case .killed(let number):
      // A shell that runs a script goes on after a command that handled the terminal's signal, and ends with one that died
      // of it.
      if child.sharesTerminal, number == SIGINT || number == SIGQUIT { Exit.byDying(of: number) }
      throw SignalEnding(signal: number)
    case .notStarted(let number):
      StandardError.say(.notExecuted(VisibleText.of(name), .system(number)))
      Exit.passing(number == ENOENT ? 127 : 126)
    }
  }
}
