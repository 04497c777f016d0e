import ArgumentParser
import SockeyeDownload
import SockeyeTransport

/// Who `get` and `put` are to a server. None of it goes to whom that one points.
struct IdentityFlags: ParsableArguments {
  @Option(
    name: [.customShort("H"), .long],
    help: ArgumentHelp(
      "A field for the server, 'Name: value'; @FILE for the lines of a file of mode 600, where secrets belong. May be repeated.",
      valueName: "field"
    )
  )
  var header: [String] = []

  @Option(
    help: ArgumentHelp("Who to be: a file with NAME:PASSWORD, or entries as in .netrc; mode 600.", valueName: "file")
  )
  var authFile: String?

  @Flag(help: "Be who ~/.netrc, or the file that NETRC names, has for the host; mode 600.")
  var netrc = false

  @Option(help: ArgumentHelp("The same with another file.", valueName: "file"))
  var netrcFile: String?

  @Flag(help: "Only prove a password, by Digest; never tell it.")
  var digest = false

  @Option(help: ArgumentHelp("A file of mode 600 with a token to show as 'Bearer'.", valueName: "file"))
  var bearerFile: String?

  func apply(to options: inout DownloadOptions) throws(Failure) {
    for line in header { try options.fields.add(line) }
    if let authFile { options.credentials = try Credentials(file: authFile) }
    if netrc || netrcFile != nil { options.credentials = try Credentials(netrc: netrcFile) }
    if let bearerFile { options.bearerToken = try BearerToken(file: bearerFile) }
    options.digestOnly = digest
  }
}
