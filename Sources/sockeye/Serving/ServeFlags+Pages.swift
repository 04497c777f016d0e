import ArgumentParser
import SockeyeService
import SockeyeTransport

/// What `serve` does for pages that browsers show.
struct PageFlags: ParsableArguments {
  @Flag(help: "Answer a folder with its listing even if it has an index.html.")
  var noIndex = false

  @Option(
    help: ArgumentHelp(
      "Give browsers this page, by its path in the directory, for one that is not there (single-page applications).",
      valueName: "page"
    )
  )
  var fallback: String?

  @Option(help: ArgumentHelp("Serve below this path: /files.", valueName: "path"))
  var pathPrefix: String?

  @Option(
    help: ArgumentHelp(
      "Let pages of these origins read what is served (CORS): https://a.example,http://localhost:3000, or '*' for all.",
      valueName: "origins"
    )
  )
  var cors: String?

  @Flag(help: "Send texts as they are, to browsers and others that take them compressed (gzip), too.")
  var noCompress = false

  func apply(to configuration: inout FileServiceConfiguration) throws(Failure) {
    configuration.servesIndex = !self.noIndex
    configuration.compresses = !self.noCompress
    configuration.fallback = self.fallback
    configuration.pathPrefix = self.pathPrefix ?? ""
    if let cors { configuration.crossOrigin = try CrossOriginPolicy(cors) }
  }
}
