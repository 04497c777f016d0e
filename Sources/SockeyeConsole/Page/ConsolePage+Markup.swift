extension ConsolePage {
  static let markup = #"""
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Sockeye</title>
    <link rel="stylesheet" href="/style.css">
    <main id="console"></main>
    <script src="/script.js"></script>
    </html>
    """#
}
