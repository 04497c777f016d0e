import ArgumentParser
import Glibc
import NIOCore
import SockeyeDownload
import SockeyeText
import SockeyeTransport

/// Uploads files.
struct Put: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Upload files over HTTP or HTTPS.",
    usage: "sockeye put [<options>] <file> ... <url>",
    discussion: """
        sockeye put big.iso http://192.0.2.7:8888/
        sockeye put --recursive photos http://192.0.2.7:8888/
        printf 'a note' | sockeye put - http://192.0.2.7:8888/n
        sockeye put --proxy socks5://127.0.0.1:1080 --netrc x https://example.org/in/

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

  @OptionGroup
  var identity: IdentityFlags

  @OptionGroup
  var proxies: ProxyFlags

  @OptionGroup
  var transfer: TransferFlags

  @OptionGroup
  var network: StackFlags

  @OptionGroup var speech: LanguageFlag

  func validate() throws {
    if self.words.count < 2 { throw ValidationError(.putNeedsBoth) }
  }

  func run() async throws {
    try await network.withTransport { transport in try await upload(over: transport) }
  }

  private func upload(over transport: Transport) async throws {
    let (files, url) = try chosen()
    let output = TransferOutput(transfer)
    let console = PutConsole(output)
    let uploader = Uploader(
      transport: transport,
      options: try self.options(),
      progress: output.progress,
      onEvent: { console.say($0) }
    )
    let recursive = self.recursive
    try await output.follow(
      { await Self.upload(files, to: url, recursive: recursive, by: uploader, console) },
      end: { await uploader.shutdown() }
    )
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
    var options = transfer.options
    options.existingFile = onExists.choice
    try identity.apply(to: &options)
    options.proxies = try proxies.selection
    return options
  }
}
