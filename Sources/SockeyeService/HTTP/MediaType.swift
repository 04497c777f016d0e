import Glibc

/// What to call a file's contents, by its name.
enum MediaType {
  /// The media type for a name: by its ending, by the name itself for the files that projects have without one, and by
  /// what the system's table knows. `application/octet-stream` for everything else.
  static func of(name: some BidirectionalCollection<UInt8>) -> String {
    guard let lowered = lowered(name) else { return unknown }
    guard let dot = lowered.lastIndex(of: ".") else { return texts.contains(lowered) ? "text/plain" : unknown }
    let ending = String(lowered[lowered.index(after: dot)...])
    return byEnding[ending] ?? ofSystem[ending] ?? (texts.contains(String(lowered[..<dot])) ? "text/plain" : unknown)
  }

  /// The part of a name that its type depends on; `nil` if that can be none that is known.
  private static func lowered(_ name: some BidirectionalCollection<UInt8>) -> String? {
    let end = name.lastIndex(of: UInt8(ascii: ".")).map { name[$0...] } ?? name[...]
    guard end.count <= 32, end.allSatisfy({ $0 < 0x80 }) else { return nil }
    let text = name.suffix(64).allSatisfy { $0 < 0x80 } ? name.suffix(64) : end
    return String(decoding: text, as: UTF8.self).lowercased()
  }

  /// Whether something of a type is text that has an encoding.
  static func isText(_ type: String) -> Bool { type.hasPrefix("text/") }

  /// Whether something of a type, with or without its encoding, is text that nothing has compressed.
  static func isCompressible(_ type: String) -> Bool {
    let name = type.prefix { $0 != ";" }
    return name.hasPrefix("text/") || name.hasSuffix("+json") || name.hasSuffix("+xml") || plain.contains(name)
  }

  private static let plain: Set<Substring> = [
    "application/json", "application/jsonl", "application/xml", "application/javascript", "application/rtf",
    "application/wasm", "image/bmp", "font/ttf", "font/otf",
  ]

  /// What the system's administrator and packages have registered.
  private static let ofSystem = table(contents(of: "/etc/mime.types"))

  /// Reads a table in the format of `mime.types`: a type and its endings on a line.
  static func table(_ text: String) -> [String: String] {
    var table: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
      guard let type = words.first, type.contains("/"), type.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
        continue
      }
      for ending in words.dropFirst() { table[ending.lowercased()] = String(type) }
    }
    return table
  }

  private static let largestTable = 1 << 20

  private static func contents(of path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: largestTable) { buffer, count in
      count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Names that say text by themselves, with or without an ending that means nothing.
  private static let texts: Set<String> = [
    "authors", "brewfile", "build", "changelog", "changes", "containerfile", "contributing", "contributors", "copying",
    "copyright", "credits", "dockerfile", "gemfile", "gnumakefile", "hacking", "history", "install", "jenkinsfile",
    "license", "licence", "maintainers", "makefile", "manifest", "news", "notice", "procfile", "rakefile", "readme",
    "release", "sha256sums", "sha512sums", "md5sums", "thanks", "todo", "vagrantfile", "version",
  ]

  static let unknown = "application/octet-stream"

  private static let byEnding: [String: String] = [
    "7z": "application/x-7z-compressed", "aac": "audio/aac", "apk": "application/vnd.android.package-archive",
    "avi": "video/x-msvideo", "avif": "image/avif", "bin": "application/octet-stream", "bmp": "image/bmp",
    "br": "application/octet-stream", "bz2": "application/x-bzip2", "c": "text/plain",
    "cpp": "text/plain", "css": "text/css", "csv": "text/csv",
    "deb": "application/vnd.debian.binary-package", "diff": "text/plain", "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "epub": "application/epub+zip",
    "flac": "audio/flac", "gif": "image/gif", "go": "text/plain", "gz": "application/gzip",
    "h": "text/plain", "htm": "text/html", "html": "text/html",
    "ico": "image/vnd.microsoft.icon", "ics": "text/calendar", "iso": "application/x-iso9660-image",
    "jar": "application/java-archive", "java": "text/plain", "jpeg": "image/jpeg", "jpg": "image/jpeg",
    "js": "text/javascript", "json": "application/json", "jsonl": "application/jsonl",
    "jxl": "image/jxl", "log": "text/plain", "m3u8": "application/vnd.apple.mpegurl",
    "m4a": "audio/mp4", "m4v": "video/mp4", "map": "application/json", "md": "text/markdown",
    "mjs": "text/javascript", "mkv": "video/x-matroska", "mov": "video/quicktime", "mp3": "audio/mpeg",
    "mp4": "video/mp4", "mpeg": "video/mpeg", "mpg": "video/mpeg",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet", "odt": "application/vnd.oasis.opendocument.text",
    "oga": "audio/ogg", "ogg": "audio/ogg", "ogv": "video/ogg", "opus": "audio/ogg", "otf": "font/otf",
    "patch": "text/plain", "pcap": "application/vnd.tcpdump.pcap", "pdf": "application/pdf",
    "png": "image/png", "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "py": "text/plain", "rar": "application/vnd.rar", "rpm": "application/x-rpm",
    "rs": "text/plain", "rst": "text/plain", "rtf": "application/rtf",
    "sh": "text/plain", "svg": "image/svg+xml", "swift": "text/plain",
    "tar": "application/x-tar", "tgz": "application/gzip", "tif": "image/tiff", "tiff": "image/tiff",
    "toml": "application/toml", "ts": "video/mp2t", "tsv": "text/tab-separated-values",
    "ttf": "font/ttf", "txt": "text/plain", "wasm": "application/wasm", "wav": "audio/wav",
    "weba": "audio/webm", "webm": "video/webm", "webmanifest": "application/manifest+json", "webp": "image/webp",
    "vtt": "text/vtt", "woff": "font/woff", "woff2": "font/woff2", "xhtml": "application/xhtml+xml",
    "xls": "application/vnd.ms-excel", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml", "xz": "application/x-xz", "yaml": "application/yaml", "yml": "application/yaml",
    "zip": "application/zip", "zst": "application/zstd",
  ]
}
