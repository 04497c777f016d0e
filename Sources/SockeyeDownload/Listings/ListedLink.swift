/// Something that a page or a WebDAV server says lies in a folder.
struct ListedLink: Equatable, Sendable {
  /// The name's bytes. Whether they may name a file here is for whoever uses them to check.
  let name: [UInt8]
  let isFolder: Bool

  /// What a reference leads to, if that lies in the folder itself: not the folder, nor what is above, deeper or elsewhere, nor the
  /// same under a query.
  init?(_ reference: String, in folder: DownloadURL) {
    guard let url = try? folder.resolving(reference), url.origin == folder.origin, !url.target.contains("?") else {
      return nil
    }
    let base = Self.components(folder)
    var components = Self.components(url)
    isFolder = components.last == []
    if isFolder { components.removeLast() }
    guard components.count == base.count, let name = components.last, !name.isEmpty,
      components.dropLast() == base.dropLast()
    else { return nil }
    self.name = name
  }

  /// Decoded after they have been taken apart: a slash that is an escape is part of a name.
  private static func components(_ url: DownloadURL) -> [[UInt8]] {
    url.path.split(separator: "/", omittingEmptySubsequences: false).map { DownloadURL.percentDecode($0) }
  }
}
