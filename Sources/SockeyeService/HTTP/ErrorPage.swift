import Crypto
import SockeyeText

/// The page that a person with a browser gets for a request that can't be met, in the style of the listing.
///
/// Nothing that the client sent is in it, so that there is nothing to smuggle markup through.
struct ErrorPage {
  let status: HTTPStatus
  /// What is wrong.
  let reason: Phrase
  let language: Language
  /// Links that lead on from there.
  let ways: Ways

  /// Relative links, so that they hold behind a proxy with a prefix.
  struct Ways: Equatable {
    let up: String?
    let top: String?

    /// The deepest target from which links lead on, in slashes.
    static let deepest = 64

    /// - Parameters:
    ///   - uri: The target as it was written; a browser counts its slashes, whatever else is in it.
    ///   - prefixDepth: How many names of it stand for no folder here.
    init(from uri: String, prefixDepth: Int = 0) {
      let path = uri.utf8.prefix { $0 != UInt8(ascii: "?") }
      let depth = path.count { $0 == UInt8(ascii: "/") } - 1 - prefixDepth
      guard path.first == UInt8(ascii: "/"), (0...Self.deepest).contains(depth) else {
        up = nil
        top = nil
        return
      }
      top = depth == 0 ? "./" : String(repeating: "../", count: depth)
      let above = path.last == UInt8(ascii: "/") && depth > 0 ? "../" : "./"
      up = above == top ? nil : above
    }
  }

  /// The page may look as it does, and do nothing.
  static let securityFields: String = {
    let style = FileDigest(bytes: Array(SHA256.hash(data: Array(ListingPage.style.utf8)))).base64
    return "Content-Security-Policy: default-src 'none'; style-src 'sha256-\(style)'; base-uri 'none'; "
      + "form-action 'none'; frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\n"
  }()

  var text: String {
    let title = HTMLListing.escaped("\(status.rawValue) \(status.title.text(in: language))")
    var page =
      "<!doctype html>\n<html lang=\"\(language.rawValue)\">\n<meta charset=\"utf-8\">\n<title>\(title)</title>\n"
    page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    page += "<meta name=\"color-scheme\" content=\"light dark\">\n<style>\(ListingPage.style)</style>\n"
    page += "<main class=\"error\"><h1>\(title)</h1>\n<p>\(HTMLListing.escaped(reason.text(in: language)))</p>\n"
    let links = [(ways.up, PageSentence.up), (ways.top, .top)].compactMap { way, sentence in
      way.map { "<a href=\"\($0)\">\(HTMLListing.escaped(sentence.text(in: language)))</a>" }
    }
    if !links.isEmpty { page += "<p>\(links.joined(separator: " · "))</p>\n" }
    return page + "</main>\n</html>\n"
  }
}
