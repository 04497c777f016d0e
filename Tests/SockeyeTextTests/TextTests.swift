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

  @Test("a line begins with no closing mark, ends with no opening one and with no space, and breaks no word")
  func wrapping() {
    #expect(DisplayWidth.wrapped("序号以对方为准。确认", to: 14) == ["序号以对方为", "准。确认"])
    #expect(DisplayWidth.wrapped("数据报（UDP）到达", to: 8) == ["数据报", "（UDP）", "到达"])
    #expect(DisplayWidth.wrapped("一个 TUN 设备", to: 9) == ["一个 TUN", "设备"])
    #expect(DisplayWidth.wrapped("use --json to see all", to: 10) == ["use --json", "to see all"])
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
