import Crypto
import NIOCore
import SockeyeText

/// A folder's listing for people: a page that needs nothing but itself, works without scripts, and sorts and searches
/// with them.
struct HTMLListing: ListingFormat {
  let path: ResourcePath
  let takesUploads: Bool
  /// What becomes of an upload whose name is taken.
  let existing: FileServiceConfiguration.Uploads.ExistingFile
  let language: Language
  /// What was searched for, where this is what was found.
  let words: String?

  init(
    path: ResourcePath,
    takesUploads: Bool,
    existing: FileServiceConfiguration.Uploads.ExistingFile = .fail,
    language: Language = .english,
    words: String? = nil
  ) {
    self.words = words
    self.existing = existing
    self.path = path
    self.takesUploads = takesUploads
    self.language = language
  }

  private func text(_ sentence: PageSentence) -> String { Self.escaped(sentence.text(in: language)) }

  /// The page may run its own script and style, talk to its own server, and nothing else: a name that smuggles markup in
  /// would find nothing that it may do.
  static let securityFields: String = {
    let style = FileDigest(bytes: Array(SHA256.hash(data: Array(ListingPage.style.utf8)))).base64
    let script = FileDigest(bytes: Array(SHA256.hash(data: Array(ListingPage.script.utf8)))).base64
    let upload = FileDigest(bytes: Array(SHA256.hash(data: Array(UploadScript.text.utf8)))).base64
    return
      "Content-Security-Policy: default-src 'none'; style-src 'sha256-\(style)'; script-src 'sha256-\(script)' 'sha256-\(upload)'; "
      + "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"
      + "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nVary: Accept, Accept-Language\r\nCache-Control: no-cache\r\n"
  }()

  func open(_ buffer: inout ByteBuffer) {
    let title = Self.escaped(path.displayText)
    buffer.writeString(
      "<!doctype html>\n<html lang=\"\(language.rawValue)\">\n<meta charset=\"utf-8\">\n<title>\(title)</title>\n"
    )
    buffer.writeString("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
    buffer.writeString("<meta name=\"color-scheme\" content=\"light dark\">\n<style>\(ListingPage.style)</style>\n")
    buffer.writeString(ListingIcon.definitions)
    buffer.writeString("\n<header><nav aria-label=\"\(text(.path))\">\(crumbs)</nav>\n")
    buffer.writeString(
      "<input id=\"search\" type=\"search\" placeholder=\"\(text(.search))\" aria-label=\"\(text(.searchNames))\" value=\"\(Self.escaped(words ?? ""))\" hidden>\n"
    )
    let save = ListingIcon.save.markup
    // Buttons and no links: whoever mirrors by links would fetch everything once more in each folder's archive.
    buffer.writeString(
      "<form class=\"actions\"><button name=\"zip\" title=\"\(text(.wholeAsZip))\">\(save)zip</button>"
        + "<button name=\"tar\" title=\"\(text(.wholeAsTar))\">\(save)tar</button></form></header>\n"
    )
    if takesUploads {
      buffer.writeString(
        "<section id=\"drop\" data-exists=\"\(existing.rawValue)\" hidden><p>\(text(.dropHere))"
          + "<button type=\"button\" id=\"choose-files\">\(text(.chooseFiles))</button>"
          + "<button type=\"button\" id=\"choose-folder\">\(text(.chooseFolder))</button></p>"
          + "<input id=\"picked-files\" type=\"file\" multiple hidden><input id=\"picked-folder\" type=\"file\" webkitdirectory hidden>"
          + "<ul id=\"uploads\" aria-live=\"polite\"></ul></section>\n"
      )
    }
    buffer.writeString(
      "<main><table><thead><tr><th class=\"name\" aria-sort=\"none\">\(text(.name))<th class=\"size\" aria-sort=\"none\">\(text(.size))"
        + "<th class=\"time\" aria-sort=\"none\">\(text(.modified))</tr></thead>\n<tbody>\n"
    )
    if !self.path.bytes.isEmpty {
      buffer.writeString(
        "<tr class=\"up\"><td class=\"name\"><a href=\"../\">\(ListingIcon.up.markup)../</a>"
          + "<td class=\"size\"><td class=\"time\"></tr>\n"
      )
    }
  }

  func entry(_ entry: FolderEntry, isFirst: Bool, _ buffer: inout ByteBuffer) {
    let name = Self.escaped(entry.text)
    buffer.writeString(
      "<tr data-size=\"\(entry.isDirectory ? -1 : entry.size)\" data-time=\"\(entry.modifiedSeconds)\">"
    )
    buffer.writeString(
      "<td class=\"name\"><a href=\"\(entry.reference)\">\(ListingIcon(entry).markup)<span><bdi>\(name)</bdi>"
        + (entry.isDirectory ? "/</span></a>" : "</span></a>")
    )
    if entry.isDirectory {
      buffer.writeString("<td class=\"size\">")
    } else {
      buffer.writeString("<td class=\"size\" title=\"\(text(.bytes(entry.size)))\">\(Self.size(entry.size))")
    }
    let date = HTTPDate.internetText(entry.modifiedSeconds)
    let short = date.replacing("T", with: " ").prefix(16)
    buffer.writeString("<td class=\"time\"><time datetime=\"\(date)\" title=\"\(date)\">\(short)</time></tr>\n")
  }

  func close(_ buffer: inout ByteBuffer, isCut: Bool) {
    if isCut {
      buffer.writeString("<tr><td class=\"name\">\(text(.moreNotShown))<td class=\"size\"><td class=\"time\"></tr>\n")
    }
    buffer.writeString("</tbody></table>\n<p id=\"none\" hidden>\(text(.noneFound))</p></main>\n")
    buffer.writeString("<footer id=\"summary\"></footer>\n<script>\(ListingPage.script)</script>\n")
    if takesUploads { buffer.writeString("<script>\(UploadScript.text)</script>\n") }
    buffer.writeString("</html>\n")
  }

  /// The folders on the way, each a link, relative so that they hold behind a proxy with a prefix.
  private var crumbs: String {
    let names = path.bytes.split(separator: UInt8(ascii: "/"))
    func way(up levels: Int) -> String { levels == 0 ? "./" : String(repeating: "../", count: levels) }
    var text = "<a href=\"\(way(up: names.count))\" title=\"\(text(.top))\">\(ListingIcon.home.markup)</a><i>/</i>"
    for (index, name) in names.enumerated() {
      let shown = Self.escaped(String(decoding: name, as: UTF8.self))
      text += "<a href=\"\(way(up: names.count - 1 - index))\"><bdi>\(shown)</bdi></a><i>/</i>"
    }
    return text
  }

  /// A size for people, in powers of 1024.
  static func size(_ bytes: Int64) -> String {
    guard bytes >= 1024 else { return "\(bytes) B" }
    var value = Double(bytes)
    var unit = ""
    for name in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
      unit = name
      value /= 1024
      if value < 1000 { break }
    }
    let tenths = Int64((value * 10).rounded())
    return value < 10 ? "\(tenths / 10).\(tenths % 10) \(unit)" : "\(Int64(value.rounded())) \(unit)"
  }

  /// Text that is nothing but text in HTML, inside elements and inside attributes.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      // The joiners that many scripts are written with change nothing but how letters look.
      case "\u{200c}", "\u{200d}": result.unicodeScalars.append(scalar)
      case _ where VisibleText.isUnsafe(scalar): result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
