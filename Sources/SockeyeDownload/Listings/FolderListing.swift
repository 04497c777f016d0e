internal import FoundationEssentials
internal import SockeyeText

/// A folder as the file service lists it, for `?json`.
struct FolderListing: Decodable, Sendable {
  struct Entry: Decodable, Sendable {
    enum Kind: String, Decodable, Sendable {
      case file
      case directory
    }

    var name: String
    /// The name as a relative reference, which is exact also where the name isn't valid UTF-8.
    var href: String?
    var type: Kind
    var size: UInt64?
    /// When it was last changed, as RFC 3339 has it.
    var modified: String?

    /// What the file is compared by.
    var stamp: FileStamp {
      FileStamp(size: size, modified: modified.flatMap { HTTPDate.parse(internetText: $0) })
    }

    /// The name's bytes. That they name nothing but a child of the folder is for whoever uses them to check.
    var bytes: [UInt8] {
      guard let href = self.href else { return Array(name.utf8) }
      return DownloadURL.percentDecode(href.hasSuffix("/") ? href.dropLast() : href[...])
    }
  }

  var v: Int
  var entries: [Entry]
}
