import ArgumentParser
import Glibc
import NIOCore
import SockeyeDownload
import SockeyeText
import SockeyeTransport

/// What `put --on-exists` takes.
enum ExistingThereArgument: String, ExpressibleByArgument, CaseIterable {
  case fail, overwrite, skip

  var choice: DownloadOptions.ExistingFile {
    switch self {
    case .fail: .fail
    case .overwrite: .overwrite
    case .skip: .skip
    }
  }
}

/// Uploads files.
struct Put: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Upload files over HTTP or HTTPS.",
    usage: "sockeye put [<options>] <file> ... <url>",
    discussion: """
        sockeye put big.iso http://192.0.2.7:8888/
        sockeye put --recursive photos http://192.0.2.7:8888/
        printf 'a note' | sockeye put - http://192.0.2.7:8888/n

      To 'sockeye serve --upload', or to anything that takes PUT. The last word is the URL; one that ends in a slash is \
      a folder, in which each file gets its own name, and any other the one that the file is to have. '-' is standard \
      input. Run the same command again to go on after an interruption: what the server kept is continued, and what it \
      has already is left. What arrived is held against what was sent, by its SHA-256 where the server tells it.
      """
  )

  @Argument(help: ArgumentHelp("What to upload, '-' for standard input; and then the URL.", valueName: "file"))
  var words: [String]

  @Flag(help: "Upload folders with all that is in them, except names that begin with a dot.")
  var recursive = false

  @Option(help: "What to do when the server has another file of that name: fail, overwrite, or skip.")
  var onExists = ExistingThereArgument.fail

  @Option(help: ArgumentHelp("How often to try again without progress in between.", valueName: "n"))
  var retry = 5

  @Option(help: ArgumentHelp("The first and the longest wait before trying again.", valueName: "first..longest"))
  var backoff = BackOffArgument(.milliseconds(200) ... .seconds(10))

  @Option(help: "How long connecting may take.")
  var connectTimeout = DurationArgument(.seconds(10))

  @Option(help: "How long the server may take nothing and say nothing.")
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

  @Option(
    help: ArgumentHelp("Who to be: a file with NAME:PASSWORD, or entries as in .netrc; mode 600.", valueName: "file")
  )
  var authFile: String?

  @Option(help: "How to show progress: auto is a bar on a terminal, and a plain line every few seconds elsewhere.")
  var progress = ProgressChoice.auto

  @Flag(help: "Print one event a line, as JSON, on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  @OptionGroup
  var families: FamilyFlags

  @OptionGroup
  var network: StackFlags

  @OptionGroup var speech: LanguageFlag

  func validate() throws {
    if self.words.count < 2 { throw ValidationError(.putNeedsBoth) }
    if retry < 0 { throw ValidationError(.retryRange) }
    if let rate, rate.bytes < 1 { throw ValidationError(.rateRange) }
  }

  func run() async throws {
    try await network.withTransport { transport in try await upload(over: transport) }
  }

  private func upload(over transport: Transport) async throws {
    let (files, url) = try chosen()
    let console = PutConsole(json: json, quiet: quiet, progress: quiet ? .none : progress)
    let uploader = Uploader(
      transport: transport,
      options: try self.options(),
      progress: console.progress,
      onEvent: { console.say($0) }
    )
    let recursive = self.recursive
    let work = Task { await Self.upload(files, to: url, recursive: recursive, by: uploader, console) }
    Signals.shared.onEnding { _ in work.cancel() }
    let display = Task {
      while !Task.isCancelled {
        console.draw()
        try? await Task.sleep(for: .milliseconds(100))
      }
    }
    let failure = await work.value
    display.cancel()
    await display.value
    await uploader.shutdown()
    console.end()
    if let signal = Signals.shared.ending {
      if let failure { StandardError.say("sockeye: \(failure.phrase.spoken)") }
      throw SignalEnding(signal: signal)
    }
    if let failure { throw failure }
  }

  private func chosen() throws(Failure) -> (files: [String], url: DownloadURL) {
    guard let last = words.last else { throw Failure(.usage, .putNeedsBoth) }
    let url = try DownloadURL(last)
    let files = Array(words.dropLast())
    guard files.count == 1 || url.target.hasSuffix("/") else { throw Failure(.usage, .manyNeedFolder(last)) }
    return (files, url)
  }

  /// Uploads one after the other, and tells of those that fail.
  private static func upload(
    _ files: [String],
    to url: DownloadURL,
    recursive: Bool,
    by uploader: Uploader,
    _ console: PutConsole
  ) async -> Failure? {
    var first: Failure?
    for file in files {
      do throws(Failure) {
        if isFolder(file) {
          guard recursive else { throw Uploader.needsRecursion(file) }
          console.say(try await uploader.uploadFolder(file, to: url), of: file)
        } else {
          try await uploader.upload(file, to: url)
        }
      } catch {
        if Task.isCancelled { return error }
        console.say(error, of: file, isLast: files.count == 1)
        first = first ?? error
      }
    }
    return files.count > 1 && first != nil ? Failure(first?.kind ?? .other, ProgramSentence.notAllUploaded) : first
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return path != "-" && ArgumentText.withPath(path) { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func options() throws(Failure) -> DownloadOptions {
    var options = DownloadOptions()
    options.existingFile = onExists.choice
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
    if let authFile { options.credentials = try Credentials(file: authFile) }
    return options
  }
}
