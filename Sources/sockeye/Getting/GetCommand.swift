import ArgumentParser
import Glibc
import NIOCore
import SockeyeDownload
import SockeyeText
import SockeyeTransport

/// Downloads files.
struct Get: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Download files over HTTP, HTTPS or the bare-name protocol.",
    discussion: """
      A URL is http://…, https://… or tcp://HOST:PORT/NAME. A file grows as NAME.part, with a journal beside it, and \
      gets its name once it is whole, checked and on the disk. Run the same command again to go on after an \
      interruption, whatever it was.

        sockeye get https://example.org/big.iso
        sockeye get --checksum sha256:… -d Downloads https://example.org/big.iso
        sockeye get --recursive http://192.0.2.7:8888/photos/
        sockeye get --newer --input urls.txt --checksums SHA256SUMS
        sockeye get --proxy socks5://127.0.0.1:1080 --netrc https://example.org/x
      """
  )

  @Argument(help: ArgumentHelp("What to download.", valueName: "url"))
  var urls: [String] = []

  @Option(
    name: [.customShort("i"), .long],
    help: ArgumentHelp("A file with more URLs, one a line; '-' for standard input.", valueName: "file")
  )
  var input: String?

  @Flag(
    help:
      "Take the URLs for places of one file, which --checksum knows (with that, several always are): fetch from them side by side."
  )
  var mirrors = false

  @Option(help: ArgumentHelp("Fetch what a Metalink has, a file or a URL, with its digests.", valueName: "file"))
  var metalink: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; '-' for standard output.", valueName: "file"))
  var output: String?

  @Option(
    name: [.customShort("d"), .long],
    help: ArgumentHelp("The folder to download into; made if it is missing.", valueName: "dir")
  )
  var directory = "."

  @Option(
    help:
      "What to do when the name is taken: fail, rename, overwrite, or skip (unless the server's file has another length or is newer: then replace it)."
  )
  var onExists = ExistingFileArgument.fail

  @Flag(
    name: [.customShort("N"), .long],
    help:
      "Fetch what has another length than the file that is there, is newer, or has another ETag; keep the server's times."
  )
  var newer = false

  @Flag(name: [.customShort("R"), .long], help: "Give files the time that their server says, not that of now.")
  var remoteTime = false

  @Flag(
    help:
      "Download a whole folder: from 'sockeye serve', from what nginx, Apache, lighttpd and caddy list, or by WebDAV."
  )
  var recursive = false

  @Option(help: ArgumentHelp("Connections for each file, 1 to 16 (default: as many as help, up to 4).", valueName: "n"))
  var connections: Int?

  @Option(
    help: ArgumentHelp(
      "The digest that the file must have: sha256:HEX, or sha512, sha384, and for old sums sha1 and md5.",
      valueName: "digest"
    )
  )
  var checksum: ChecksumArgument?

  @Option(
    help: ArgumentHelp(
      "A list of the digests that the files must have, such as SHA256SUMS; a URL, too.",
      valueName: "file"
    )
  )
  var checksums: String?

  @OptionGroup
  var identity: IdentityFlags

  @OptionGroup
  var proxies: ProxyFlags

  @Flag(help: "Let the server choose the name, by a redirect or by Content-Disposition.")
  var trustServerNames = false

  @Option(help: ArgumentHelp("The most redirects to follow.", valueName: "n"))
  var maxRedirects = 10

  @Flag(help: "Take a reply of '1' or of nothing for the file (tcp:// only).")
  var allowAmbiguous = false

  @Option(help: ArgumentHelp("The encoding of names that are sent (tcp:// only), such as gbk.", valueName: "name"))
  var encoding = "utf-8"

  @OptionGroup
  var transfer: TransferFlags

  @OptionGroup
  var network: StackFlags

  @OptionGroup var speech: LanguageFlag

  func validate() throws {
    if self.urls.isEmpty, input == nil, metalink == nil { throw ValidationError(.urlOrInput) }
    if let connections, !(1...16).contains(connections) {
      throw ValidationError(.connectionsRange)
    }
    if output != nil, self.urls.count > 1, !areMirrors { throw ValidationError(.outputForOne) }
  }

  /// Whether all URLs are places of one file: there is nothing else that has one digest.
  private var areMirrors: Bool { mirrors || checksum != nil && self.urls.count > 1 }

  func run() async throws {
    try await network.withTransport { transport in try await download(over: transport) }
  }

  private func download(over transport: Transport) async throws {
    let urls = try Self.read(self.urls, input)
    let options = try self.options()
    let output = TransferOutput(transfer)
    let console = GetConsole(output)
    let downloader = Downloader(
      transport: transport,
      options: options,
      progress: output.progress,
      onEvent: { console.say($0) }
    )
    let fetching = GetWork(
      urls: urls,
      isRecursive: recursive,
      areMirrors: areMirrors,
      checksums: checksums,
      metalink: metalink,
      downloader: downloader,
      console: console
    )
    try await output.follow({ await fetching.run() }, end: { await downloader.shutdown() })
  }

  private static func read(_ urls: [String], _ list: String?) throws(Failure) -> [DownloadURL] {
    let named = try urls.map { text throws(Failure) in try DownloadURL(text) }
    guard let list else { return named }
    return named + (try URLList.read(list))
  }

  private func options() throws(Failure) -> DownloadOptions {
    var options = transfer.options
    switch output {
    case nil: options.output = .named
    // By its path, a file that standard output goes to would be taken for one that is in the way.
    case "-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1": options.output = .descriptor(STDOUT_FILENO)
    case let path?: options.output = .file(path)
    }
    options.folder = directory
    options.existingFile = newer ? .skip : onExists.choice
    options.keepsTimes = newer || remoteTime
    options.keepsVersions = newer
    options.connections = self.connections.map { .fixed($0) } ?? .automatic
    options.checksum = checksum?.checksum
    options.trustsServerNames = trustServerNames
    options.allowsAmbiguousReply = allowAmbiguous
    options.nameEncoding = encoding
    options.redirects = max(0, maxRedirects)
    try identity.apply(to: &options)
    options.proxies = try proxies.selection
    return options
  }
}
