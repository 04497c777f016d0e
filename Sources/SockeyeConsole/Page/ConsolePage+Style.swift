extension ConsolePage {
  static let style = #"""
    :root{color-scheme:light dark}
    """#
}
