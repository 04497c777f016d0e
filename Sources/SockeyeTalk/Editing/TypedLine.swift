public import NIOCore
import SockeyeText

/// A line that is typed at the bottom of a terminal where other things are written: what is written comes before it, and never
/// tears it. Confined to an event loop.
///
/// It stands behind what was written last, as far as that has not ended its line: a prompt of the peer's is one.
public final class TypedLine {
  private var editor = LineEditor()
  /// The column behind what was written last.
  private var column = 0
  private var isShown = false
  private let columns: () -> Int
  private let write: (ByteBuffer) -> Void

  /// Fewer columns than that are no place to type in: the line begins below.
  private static let least = 16

  /// Creates a line.
  ///
  /// - Parameters:
  ///   - columns: How wide the terminal is now.
  ///   - write: Writes to the terminal.
  public init(columns: @escaping () -> Int, write: @escaping (ByteBuffer) -> Void) {
    self.columns = columns
    self.write = write
  }

  /// What typing came to.
  public enum Typed: Equatable, Sendable {
    /// A line, its line feed included.
    case line([UInt8])
    /// The end of the input.
    case end
  }

  /// Takes what the terminal sends.
  public func take(_ bytes: ByteBuffer) -> [Typed] {
    var output = hidden
    var typed: [Typed] = []
    var hasToRing = false
    for outcome in editor.take(bytes.readableBytesView) {
      switch outcome {
      case .bell: hasToRing = true
      case .end: typed.append(.end)
      case .line(let line):
        typed.append(.line(Array((line + "\n").utf8)))
        output += LineEditor.shown(line) + "\n"
        column = 0
      }
    }
    output += drawn
    write(ByteBuffer(string: output + (hasToRing ? "\u{07}" : "")))
    return typed
  }

  /// Text for the terminal with the line out of its way, and behind it again. The text moves the cursor by its characters and
  /// line feeds alone.
  public func around(_ text: ByteBuffer) -> ByteBuffer {
    guard text.readableBytes > 0 else { return text }
    var output = ByteBuffer(string: hidden)
    output.writeImmutableBuffer(text)
    advance(over: String(buffer: text))
    output.writeString(drawn)
    return output
  }

  /// Draws the line anew, as when the terminal's width is another, or something else has written there.
  public func redraw() {
    write(ByteBuffer(string: hidden + drawn))
  }

  /// Takes the line off the terminal.
  public func close() {
    let rest = hidden
    if !rest.isEmpty { write(ByteBuffer(string: rest)) }
  }

  private func advance(over text: String) {
    if let end = text.lastIndex(of: "\n") {
      column = width(text[text.index(after: end)...], from: 0)
    } else {
      column = width(text[...], from: column)
    }
    let columns = max(1, self.columns())
    if column > columns { column %= columns }
  }

  private func width(_ text: Substring, from column: Int) -> Int {
    text.reduce(column) { $1 == "\t" ? ($0 / 8 + 1) * 8 : $0 + DisplayWidth.of(String($1)) }
  }

  // MARK: Drawing

  /// What takes the line off the terminal; the cursor stands behind what was written last.
  private var hidden: String {
    guard isShown else { return "" }
    isShown = false
    return "\r\(Self.right(column))\u{1B}[K"
  }

  /// What draws the line. Nothing is drawn of one that is empty, so that what is written goes on where it stopped.
  private var drawn: String {
    guard !editor.isEmpty else { return "" }
    isShown = true
    var begin = ""
    if columns() - column < Self.least, column > 0 {
      begin = "\n"
      column = 0
    }
    let picture = editor.picture(columns: columns() - column)
    return begin + "\r" + Self.right(column) + "\u{1B}[K" + picture.text + "\r" + Self.right(column + picture.cursor)
  }

  private static func right(_ count: Int) -> String { count > 0 ? "\u{1B}[\(count)C" : "" }
}
