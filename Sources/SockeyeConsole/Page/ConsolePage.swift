/// The page: files that the browser gets from this program alone, so that it works without a network.
enum ConsolePage {
  /// One file of the page.
  struct File: Sendable {
    /// The path of its URL.
    let path: String
    /// Its media type.
    let type: String
    let text: String
  }

  /// All files. Scripts and styles have files of their own: the content security policy allows none inside the markup.
  static let files: [File] = [
    File(path: "/", type: "text/html; charset=utf-8", text: markup),
    File(path: "/style.css", type: "text/css; charset=utf-8", text: style),
    File(path: "/script.js", type: "text/javascript; charset=utf-8", text: script),
    File(path: "/clock.js", type: "text/javascript; charset=utf-8", text: clock),
  ]

  /// Finds a file by the path of its URL.
  static func file(_ path: some StringProtocol) -> File? { files.first { $0.path == path } }
}
