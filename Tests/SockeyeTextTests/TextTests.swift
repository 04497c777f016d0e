import SockeyeText
import Testing

@Suite("Text from elsewhere")
struct TextTests {
  @Test("what a terminal would obey is shown as an escape")
  func visible() {
    #expect(VisibleText.of("plain, 你好 é") == "plain, 你好 é")
    #expect(VisibleText.of("\u{1B}[2J\u{7}\r\n\t\u{7F}") == #"\x1b[2J\x07\r\n\t\x7f"#)
    #expect(
      VisibleText.of("\u{9B}31m\u{202E}\u{2066}\u{FEFF}\u{E0041}") == #"\u{9b}31m\u{202e}\u{2066}\u{feff}\u{e0041}"#
    )
  }

  @Test("prose keeps its lines, tabs and joiners, and a lone carriage return is shown")
  func prose() {
    #expect(VisibleText.of("a\r\nb\tc\rd\r", keepingLines: true) == "a\nb\tc\\rd\\r")
    #expect(VisibleText.of("👩\u{200D}🔬\u{1B}", keepingLines: true) == "👩\u{200D}🔬\\x1b")
  }

  @Test("a line of JSON is one line, whatever is in it")
  func json() {
    var line = JSONLine(event: "test")
    line.add("text", "a\"\\\u{1B}\n\u{2028}\u{9B}é")
    line.add("list", ["x", "y\n"])
    line.add("number", 3)
    line.add("yes", true)
    line.add("seconds", seconds: .milliseconds(1050))
    #expect(
      line.line
        == #"{"v":1,"event":"test","text":"a\"\\\u001b\n\u2028\u009bé","list":["x","y\n"],"number":3,"yes":true,"seconds":1.050}"#
    )
  }
}
