internal import SockeyeText

/// The page's markup around its data. What it shows is made by the script, from text as text.
enum PageTemplate {
  /// All that comes before the data.
  static func head(_ language: Language) -> String {
    """
    <!doctype html>
    <html lang="\(language == .chinese ? "zh-Hans" : "en")">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="\(policy)">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="referrer" content="no-referrer">
    <title>Sockeye</title>
    <style>\(PageStyle.text)</style>
    </head>
    <body>
    <noscript>This page draws with a script of its own; allow it to run. 本页面用自带的脚本绘图，请允许脚本运行。</noscript>
    <header id="top"></header>
    <main id="main"></main>
    <script type="application/json" id="data">
    """
  }

  /// All that comes after the data.
  static var tail: String { "</script>\n<script>\(PageScript.text)</script>\n</body>\n</html>\n" }

  /// The page may run its own style and script, known by their digests, and nothing else; it may fetch nothing.
  static var policy: String {
    "default-src 'none'; style-src '\(source(PageStyle.text))'; script-src '\(source(PageScript.text))'; "
      + "base-uri 'none'; form-action 'none'"
  }

  private static func source(_ text: String) -> String {
    var digest = ResumableSHA256()
    let bytes = Array(text.utf8)
    bytes.withUnsafeBytes { digest.update($0) }
    return "sha256-\(Base64.text(digest.finalize()))"
  }
}
