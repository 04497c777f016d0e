/// The small drawing in front of a name in a listing.
enum ListingIcon: String, CaseIterable {
  case folder, file, text, image, sound, film, archive, up, home, save

  /// The drawing for an entry, by what its name says it holds.
  init(_ entry: FolderEntry) {
    guard !entry.isDirectory else {
      self = .folder
      return
    }
    let type = MediaType.of(name: entry.name)
    switch type.prefix(while: { $0 != "/" }) {
    case "image": self = .image
    case "audio": self = .sound
    case "video": self = .film
    case "text": self = .text
    default: self = Self.byType[type] ?? .file
    }
  }

  /// A reference to the drawing, which ``definitions`` has to precede.
  var markup: String { "<svg class=\"\(rawValue)\" aria-hidden=\"true\"><use href=\"#\(rawValue)\"/></svg>" }

  /// All drawings, once for the page.
  static let definitions =
    "<svg hidden>"
    + Self.allCases.map { "<symbol id=\"\($0.rawValue)\" viewBox=\"0 0 24 24\"><path d=\"\($0.path)\"/></symbol>" }
    .joined() + "</svg>"

  private static let byType: [String: ListingIcon] = [
    "application/gzip": .archive, "application/java-archive": .archive, "application/json": .text,
    "application/msword": .text, "application/pdf": .text, "application/rtf": .text, "application/toml": .text,
    "application/vnd.debian.binary-package": .archive, "application/vnd.rar": .archive,
    "application/x-7z-compressed": .archive, "application/x-bzip2": .archive, "application/x-iso9660-image": .archive,
    "application/x-rpm": .archive, "application/x-tar": .archive, "application/x-xz": .archive,
    "application/xml": .text, "application/yaml": .text, "application/zip": .archive, "application/zstd": .archive,
  ]

  private var path: String {
    let sheet = "M6 3h8l5 5v11a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM14 3v5h5"
    let frame = "M5 4h14a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z"
    return switch self {
    case .folder: "M3 7a2 2 0 0 1 2-2h4l2 2.5h8a2 2 0 0 1 2 2V18a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z"
    case .file: sheet
    case .text: sheet + "M8 12.5h7M8 16.5h5"
    case .image: frame + "M3 16l5-5 5 5 3-3 5 5M15.5 9h.01"
    case .sound: "M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0a2.5 2.5 0 1 1 5 0M19 16a2.5 2.5 0 1 1-5 0a2.5 2.5 0 1 1 5 0"
    case .film: frame + "M10 8.5l6 3.5-6 3.5z"
    case .archive: "M5 9v9a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V9M3 4h18v5H3zM10 13h4"
    case .up: "M12 20V5M6 11l6-6 6 6"
    case .home: "M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-5v-6h-4v6H5a1 1 0 0 1-1-1z"
    case .save: "M12 4v11M7 10.5l5 5 5-5M5 20h14"
    }
  }
}
