public import ArgumentParser
import NIOCore
public import SockeyeService
import SockeyeTransport

extension FileServiceConfiguration.MissingReply: ExpressibleByArgument {}
extension FileServiceConfiguration.Uploads.ExistingFile: ExpressibleByArgument {}

/// How `serve` answers clients that send a bare name.
struct BareNameFlags: ParsableArguments {
  @Option(help: "What a bare name gets that is not there: the byte 1, or nothing.")
  var missing = FileServiceConfiguration.MissingReply.one

  @Option(help: "How long a client is silent before its bytes are taken as a bare name.")
  var quietTime = DurationArgument(.milliseconds(50))
}

/// What `serve` tells about its work.
struct ReportFlags: ParsableArguments {
  enum LogFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Option(
    help: ArgumentHelp(
      "Log requests here; '-' is standard output (default: standard error, on a terminal).",
      valueName: "file"
    )
  )
  var accessLog: String?

  @Option(help: "The form of the access log.")
  var logFormat = LogFormat.text

  @Option(help: ArgumentHelp("Answer /metrics and /healthz here.", valueName: "endpoint"))
  var admin: String?
}

/// How much `serve` gives, and to whom.
struct ServiceLimitFlags: ParsableArguments {
  @Flag(help: "Let clients put files into the directory (PUT), and make folders (MKCOL).")
  var upload = false

  @Flag(
    help:
      "Speak WebDAV, which file managers mount (davfs2, rclone, Finder, Explorer): to look, and with --upload to write; what --auth-file lets users delete, they can move, too."
  )
  var webdav = false

  @Option(
    help:
      "What to do with an upload whose name is taken: fail (refuse it), rename (NAME.1), or overwrite (replace the other once it is whole; by users who may change files, where --auth-file says who may)."
  )
  var onExists = FileServiceConfiguration.Uploads.ExistingFile.fail

  @Option(help: "The most that uploads may add, in all (default: no limit).")
  var quota: SizeArgument?

  @Option(help: ArgumentHelp("Admit only these addresses (192.0.2.0/24).", valueName: "cidr"))
  var allow: [String] = []

  @Option(help: ArgumentHelp("Turn these addresses away.", valueName: "cidr"))
  var deny: [String] = []

  @Option(help: ArgumentHelp("Believe, and demand, a PROXY header from these addresses.", valueName: "cidr"))
  var proxyFrom: [String] = []

  @Option(help: "Bytes a second for each connection (default: no limit).")
  var rate: SizeArgument?

  @Option(help: "Connections at once; the others wait (default: no limit).")
  var maxClients: Int?

  @Option(help: "Connections at once from one address; the others are turned away (default: no limit).")
  var maxPerAddress: Int?

  @Option(help: "How long a request may take to arrive.")
  var requestTimeout = DurationArgument(.seconds(20))

  @Option(help: "How long a connection may lie idle between requests.")
  var idleTimeout = DurationArgument(.seconds(75))

  @Option(help: "How long a client may take nothing, or send nothing, of a body.")
  var stallTimeout = DurationArgument(.seconds(60))

  func apply(to configuration: inout FileServiceConfiguration) throws(Failure) {
    if upload { configuration.uploads = .init(quota: self.quota?.bytes, existing: onExists) }
    configuration.webDAV = webdav
    for block in allow { configuration.addresses.allowed.append(try AddressBlock(block)) }
    for block in deny { configuration.addresses.denied.append(try AddressBlock(block)) }
    for block in proxyFrom { configuration.proxies.append(try AddressBlock(block)) }
    configuration.rate = self.rate?.bytes
    configuration.maximumClients = self.maxClients
    configuration.maximumClientsPerAddress = self.maxPerAddress
    configuration.timeouts.request = requestTimeout.amount
    configuration.timeouts.idle = idleTimeout.amount
    configuration.timeouts.stall = stallTimeout.amount
  }

  func validate() throws {
    if let rate, rate.bytes < 1024 { throw ValidationError(.serviceRateRange) }
    if let maxClients, maxClients < 1 { throw ValidationError(.maxClientsRange) }
    if let maxPerAddress, maxPerAddress < 1 { throw ValidationError(.maxPerAddressRange) }
  }
}
