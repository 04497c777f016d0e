import NIOCore
import Testing

@testable import SockeyeTalk

@Suite("A line that is typed")
struct LineEditorTests {
  private static let (up, down, right, left) = ("\u{1B}[A", "\u{1B}OB", "\u{1B}[C", "\u{1B}[D")
  private static func control(_ letter: Character) -> String {
    String(Unicode.Scalar((letter.asciiValue ?? 0) & 0x1F))
  }

  @Test(
    "keys change the line as every shell has it; | is the cursor",
    arguments: [
      ("abc", "abc|"),
      ("abc\u{1B}[D", "ab|c"),
      ("abc\u{1B}OD\u{1B}[Dx", "ax|bc"),
      ("abc\u{01}x", "x|abc"),
      ("abc\u{1B}[H\u{1B}[3~", "|bc"),
      ("abc\u{1B}[1~\u{04}", "|bc"),
      ("abc\u{01}\u{05}x", "abcx|"),
      ("abc\u{7F}", "ab|"),
      ("abc\u{08}\u{08}\u{08}\u{08}", "|"),
      ("one two  three\u{17}", "one two  |"),
      ("one two-three  \u{17}", "one |"),
      ("one two-three\u{1B}\u{7F}", "one |"),
      ("one two\u{1B}[1;5D\u{1B}b", "|one two"),
      ("one two\u{01}\u{1B}f\u{1B}d", "one|"),
      ("one two\u{01}\u{1B}[1;5C\u{0B}", "one|"),
      ("one two\u{1B}[D\u{15}", "|o"),
      ("one two\u{15}x\u{19}", "xone two|"),
      ("one two\u{17}\u{01}\u{19}", "two|one "),
      ("你好\u{7F}", "你|"),
      ("你好\u{1B}[D吗", "你吗|好"),
      ("e\u{0301}x\u{7F}\u{7F}", "|"),
      ("a\u{1B}[D\u{0301}", "\u{0301}|a"),
      ("👩‍👩‍👧x\u{1B}[D\u{1B}[D", "|👩‍👩‍👧x"),
      ("a\tb", "a\tb|"),
    ]
  )
  func keys(typed: String, picture: String) {
    var editor = LineEditor()
    _ = editor.take(typed.utf8)
    #expect(String(editor.before) + "|" + String(editor.after) == picture)
    var slow = LineEditor()
    for byte in typed.utf8 { _ = slow.take([byte]) }
    #expect(slow.before == editor.before && slow.after == editor.after, "the same, byte by byte")
  }

  @Test(
    "what is no key changes nothing",
    arguments: [
      [0x1B, 0x5B, 0x39, 0x39, 0x7E], [0x1B, 0x5A], [0xFF], [0xC3, 0x28, 0x7F], [0xE4, 0xBD, 0x7F], [0xC2, 0x9B],
      [0xED, 0xA0, 0x80],
      [0x00], [0x1B, 0x5B] + Array(repeating: 0x31, count: 100_000) + [0x7A],
    ] as [[UInt8]]
  )
  func noKeys(bytes: [UInt8]) {
    var editor = LineEditor()
    _ = editor.take("ab".utf8)
    _ = editor.take(bytes)
    #expect(editor.text == "ab" || editor.text == "a")
    _ = editor.take("c".utf8)
    #expect(editor.text.hasSuffix("c"))
  }

  @Test("lines come with Enter, several in one paste, and the end with Control-D on an empty line alone")
  func lines() {
    var editor = LineEditor()
    #expect(editor.take("one\ntwo\rth".utf8) == [.line("one"), .line("two")])
    #expect(editor.take([0x04]) == [.bell])
    #expect(editor.take("\n".utf8) == [.line("th")])
    #expect(editor.take([0x04]) == [.end])
  }

  @Test("history goes up and down, and what was being typed is found again")
  func history() {
    var editor = LineEditor()
    _ = editor.take("one\ntwo\ntwo\n\nthr".utf8)
    _ = editor.take(Self.up.utf8)
    #expect(editor.text == "two")
    _ = editor.take(Self.control("P").utf8)
    #expect(editor.text == "one")
    #expect(editor.take(Self.up.utf8) == [.bell])
    _ = editor.take((Self.down + Self.control("N")).utf8)
    #expect(editor.text == "thr")
    #expect(editor.take(Self.down.utf8) == [.bell])
    _ = editor.take((Self.up + Self.up + "!\n").utf8)
    _ = editor.take(Self.up.utf8)
    #expect(editor.text == "one!")
  }

  @Test("history and lines are bounded")
  func bounds() {
    var history = LineHistory()
    for number in 0..<2000 { history.add("\(number)") }
    var oldest: String?
    while let line = history.older(than: "") { oldest = line }
    #expect(oldest == "1000")
    var editor = LineEditor()
    #expect(editor.take(Array(repeating: UInt8(ascii: "x"), count: LineEditor.longest + 10)) == [.bell])
    #expect(editor.text.count == LineEditor.longest)
    #expect(editor.take("y".utf8) == [.bell])
    #expect(editor.text.count == LineEditor.longest)
  }

  @Test("a long line scrolls with the cursor, and wide characters are never cut")
  func scrolling() {
    var editor = LineEditor()
    _ = editor.take("0123456789abcdef".utf8)
    #expect(editor.picture(columns: 8) == .init(text: "9abcdef", cursor: 7))
    _ = editor.take(Self.control("A").utf8)
    #expect(editor.picture(columns: 8) == .init(text: "0123456", cursor: 0))
    _ = editor.take((Self.right + Self.right).utf8)
    #expect(editor.picture(columns: 8) == .init(text: "0123456", cursor: 2))
    _ = editor.take((Self.control("U") + Self.control("E") + Self.control("U") + "一二三四五").utf8)
    #expect(editor.picture(columns: 8) == .init(text: "三四五", cursor: 6))
    #expect(editor.picture(columns: 20) == .init(text: "一二三四五", cursor: 10))
    #expect(editor.picture(columns: 0).cursor < 2)
  }

  /// What a terminal of so many columns and a few rows shows: characters, returns, line feeds, and the two sequences used here.
  private struct Screen {
    var rows: [[Character]] = [[]]
    var column = 0

    mutating func write(_ text: String) {
      var rest = Substring(text)
      while let character = rest.popFirst() {
        switch character {
        case "\r": column = 0
        case "\n", "\r\n":
          rows.append([])
          column = 0
        case "\u{1B}":
          rest.removeFirst()
          let count = rest.prefix { $0.isNumber }
          rest.removeFirst(count.count)
          if rest.popFirst() == "C" {
            column += Int(count) ?? 1
          } else {
            rows.append((rows.popLast() ?? []).prefix(column) + [])
          }
        case "\u{07}": break
        default:
          while rows[rows.count - 1].count <= column { rows[rows.count - 1].append(" ") }
          rows[rows.count - 1][column] = character
          column += 1
        }
      }
    }

    var text: [String] { rows.map { String($0) } }
  }

  @Test("what arrives stands before the line that is being typed, whole, and the line behind it")
  func around() {
    var screen = Screen()
    let line = TypedLine(columns: { 40 }) { screen.write(String(buffer: $0)) }
    screen.write(String(buffer: line.around(ByteBuffer(string: "login: "))))
    _ = line.take(ByteBuffer(string: "al"))
    #expect(screen.text == ["login: al"])
    screen.write(String(buffer: line.around(ByteBuffer(string: "\nnews\nlogin: "))))
    #expect(screen.text == ["login: ", "news", "login: al"])
    #expect(line.take(ByteBuffer(string: "ice\n")) == [.line(Array("alice\n".utf8))])
    #expect(screen.text == ["login: ", "news", "login: alice", ""])
    _ = line.take(ByteBuffer(string: "x"))
    screen.write(String(buffer: line.around(ByteBuffer(string: "hello\n"))))
    #expect(screen.text.suffix(2) == ["hello", "x"])
    line.close()
    #expect(screen.text.suffix(2) == ["hello", ""])
  }

  @Test("where what arrived leaves no room, the line begins below")
  func narrow() {
    var screen = Screen()
    let line = TypedLine(columns: { 40 }) { screen.write(String(buffer: $0)) }
    screen.write(String(buffer: line.around(ByteBuffer(string: String(repeating: "p", count: 30)))))
    _ = line.take(ByteBuffer(string: "abc"))
    #expect(screen.text == [String(repeating: "p", count: 30), "abc"])
    screen.write(String(buffer: line.around(ByteBuffer(string: "q"))))
    #expect(screen.text == [String(repeating: "p", count: 30), "qabc"])
  }
}
