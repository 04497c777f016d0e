import ArgumentParser
import NIOCore
import SockeyeDownload
import SockeyeTransport

/// How `get` and `put` reach servers, try again, and tell how far they are.
struct TransferFlags: ParsableArguments {
  @Option(help: ArgumentHelp("How often to try again without progress in between.", valueName: "n"))
  var retry = 5

  @Option(help: ArgumentHelp("The first and the longest wait before trying again.", valueName: "first..longest"))
  var backoff = BackOffArgument(.milliseconds(200) ... .seconds(10))

  @Option(help: "How long connecting may take.")
  var connectTimeout = DurationArgument(.seconds(10))

  @Option(help: "How long the server may be silent.")
  var idle = DurationArgument(.seconds(30))

  @Option(help: ArgumentHelp("The most bytes a second (default: no limit).", valueName: "size"))
  var rate: SizeArgument?

  @Option(help: ArgumentHelp("Trust the certificates in this file (PEM) instead of the system's.", valueName: "file"))
  var ca: String?

  @Option(
    help: ArgumentHelp(
      "Trust the one certificate with this SHA-256, which 'serve --tls auto' prints.",
      valueName: "digest"
    )
  )
  var fingerprint: FingerprintArgument?

  @Flag(help: "Accept any certificate.")
  var insecure = false

  @Option(help: "How to show progress: auto is a bar on a terminal, and a plain line every few seconds elsewhere.")
  var progress = ProgressChoice.auto

  @Flag(help: "Print one event a line, as JSON, on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  @OptionGroup
  var families: FamilyFlags

  func validate() throws {
    if retry < 0 { throw ValidationError(.retryRange) }
    if let rate, rate.bytes < 1 { throw ValidationError(.rateRange) }
  }

  /// Options with what was asked for here.
  var options: DownloadOptions {
    var options = DownloadOptions()
    options.retries = retry
    options.backOff = backoff.range
    options.bytesPerSecond = self.rate.map { UInt64($0.bytes) }
    options.connect.family = families.family
    options.connect.numericOnly = families.numericOnly
    options.connect.timeout = connectTimeout.amount
    options.idle = idle.amount
    options.certificateAuthorities = ca
    options.acceptsAnyCertificate = insecure
    options.certificateFingerprint = fingerprint?.digest
    return options
  }
}
