/// What to call a file's contents, by the ending of its name.
enum MediaType {
  /// The media type for a name; `application/octet-stream` for what is not known.
  static func of(name: some BidirectionalCollection<UInt8>) -> String {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return Self.unknown }
    let ending = name[name.index(after: dot)...]
    guard !ending.isEmpty, ending.count <= 10 else { return Self.unknown }
    var lowered = ""
    for byte in ending {
      guard byte < 0x80 else { return Self.unknown }
      let upper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      lowered.unicodeScalars.append(Unicode.Scalar(upper ? byte | 0x20 : byte))
    }
    return Self.byEnding[lowered] ?? Self.unknown
  }

  static let unknown = "application/octet-stream"

  private static let byEnding: [String: String] = [
    "7z": "application/x-7z-compressed", "aac": "audio/aac", "apk": "application/vnd.android.package-archive",
    "avi": "video/x-msvideo", "avif": "image/avif", "bin": "application/octet-stream", "bmp": "image/bmp",
    "br": "application/octet-stream", "bz2": "application/x-bzip2", "c": "text/plain; charset=utf-8",
    "cpp": "text/plain; charset=utf-8", "css": "text/css; charset=utf-8", "csv": "text/csv; charset=utf-8",
    "deb": "application/vnd.debian.binary-package", "diff": "text/plain; charset=utf-8", "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "epub": "application/epub+zip",
    "flac": "audio/flac", "gif": "image/gif", "go": "text/plain; charset=utf-8", "gz": "application/gzip",
    "h": "text/plain; charset=utf-8", "htm": "text/html; charset=utf-8", "html": "text/html; charset=utf-8",
    "ico": "image/vnd.microsoft.icon", "ics": "text/calendar; charset=utf-8", "iso": "application/x-iso9660-image",
    "jar": "application/java-archive", "java": "text/plain; charset=utf-8", "jpeg": "image/jpeg", "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8", "json": "application/json", "jsonl": "application/jsonl",
    "jxl": "image/jxl", "log": "text/plain; charset=utf-8", "m3u8": "application/vnd.apple.mpegurl",
    "m4a": "audio/mp4", "m4v": "video/mp4", "map": "application/json", "md": "text/markdown; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8", "mkv": "video/x-matroska", "mov": "video/quicktime", "mp3": "audio/mpeg",
    "mp4": "video/mp4", "mpeg": "video/mpeg", "mpg": "video/mpeg",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet", "odt": "application/vnd.oasis.opendocument.text",
    "oga": "audio/ogg", "ogg": "audio/ogg", "ogv": "video/ogg", "opus": "audio/ogg", "otf": "font/otf",
    "patch": "text/plain; charset=utf-8", "pcap": "application/vnd.tcpdump.pcap", "pdf": "application/pdf",
    "png": "image/png", "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "py": "text/plain; charset=utf-8", "rar": "application/vnd.rar", "rpm": "application/x-rpm",
    "rs": "text/plain; charset=utf-8", "rst": "text/plain; charset=utf-8", "rtf": "application/rtf",
    "sh": "text/plain; charset=utf-8", "svg": "image/svg+xml", "swift": "text/plain; charset=utf-8",
    "tar": "application/x-tar", "tgz": "application/gzip", "tif": "image/tiff", "tiff": "image/tiff",
    "toml": "application/toml", "ts": "video/mp2t", "tsv": "text/tab-separated-values; charset=utf-8",
    "ttf": "font/ttf", "txt": "text/plain; charset=utf-8", "wasm": "application/wasm", "wav": "audio/wav",
    "weba": "audio/webm", "webm": "video/webm", "webmanifest": "application/manifest+json", "webp": "image/webp",
    "woff": "font/woff", "woff2": "font/woff2", "xhtml": "application/xhtml+xml",
    "xls": "application/vnd.ms-excel", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml", "xz": "application/x-xz", "yaml": "application/yaml", "yml": "application/yaml",
    "zip": "application/zip", "zst": "application/zstd",
  ]
}
