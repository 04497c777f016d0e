/// The colours of pages for a browser, in the reader's light or dark, by names that their style sheets use.
public enum PagePalette {
  /// What a style sheet begins with. A page's `data-theme`, `light` or `dark`, goes before what the reader's system has.
  public static let style = #"""
    :root {
      color-scheme: light dark;
      --ground: light-dark(#fbfaf7, #14171a);
      --sheet: light-dark(#ffffff, #1c2024);
      --ink: light-dark(#1b1f23, #e4e6e8);
      --quiet: light-dark(#5d666f, #9aa4ae);
      --line: light-dark(#d9dcd6, #363c42);
      --chosen: light-dark(#fff1d6, #3a3122);
      --first: light-dark(#1f5fa8, #74b3f2);
      --second: light-dark(#13795b, #5fcca5);
      --third: light-dark(#7a3fa0, #c89bea);
      --warn: light-dark(#9a5b00, #f0b35c);
      --bad: light-dark(#b3261e, #ff8a80);
      --mono: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, "Noto Sans Mono CJK SC", monospace;
    }
    :root[data-theme="light"] { color-scheme: light; }
    :root[data-theme="dark"] { color-scheme: dark; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }

    """#
}
