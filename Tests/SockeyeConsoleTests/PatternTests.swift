import SockeyeTransport
import Testing

@testable import SockeyeConsole

@Suite("Patterns whose work is bounded")
struct PatternTests {
  @Test(
    "What a pattern finds",
    arguments: [
      ("a", "xay", ["a"]), ("^a", "ba", nil), ("a$", "ab", nil), ("^a$", "a", ["a"]), ("", "x", [""]),
      ("a*", "aaab", ["aaa"]), ("a+?", "aaa", ["a"]), ("a?b", "b", ["b"]),
      ("(a|ab)(c|bcd)", "abcd", ["abcd", "a", "bcd"]),
      ("(\\d+)-(\\d+)", "x12-345y", ["12-345", "12", "345"]), ("[a-c]+", "xxabcd", ["abc"]),
      ("[^a-c]+", "abxyc", ["xy"]),
      ("a{2}", "aaa", ["aa"]), ("a{2,}", "aaaa", ["aaaa"]), ("a{1,2}?", "aa", ["a"]), ("a{0}b", "b", ["b"]),
      (".", "\n", nil), ("\\.", "a.", ["."]), ("[\\]x-]+", "a]-x", ["]-x"]), ("\\x41", "A", ["A"]),
      ("你+", "a你你", ["你你"]),
      ("(?:ab)+", "ababx", ["abab"]), ("(a*)*", "aa", ["aa", "aa"]), ("(a*)+b", "aab", ["aab", "aa"]),
      ("\\w+\\s\\W", "ab !", ["ab !"]),
      ("(x)?y", "y", ["y", ""]), ("a|b|", "c", [""]), ("[]a]", "]", ["]"]), ("\\S+$", "a b", ["b"]),
    ] as [(String, String, [String]?)]
  )
  func matches(_ pattern: String, _ text: String, _ found: [String]?) throws {
    #expect(try Pattern(pattern).firstMatch(in: text) == found)
  }

  @Test(
    "What is no pattern is refused",
    arguments: [
      "(", ")", "(a", "a)", "[", "[a", "*", "+a", "?", "a**", "a{", "a{2", "a{x}", "a{2,1}", "a{99999}", "\\", "\\q",
      "\\x4", "[b-a]",
      "(?=a)", "(?<n>a)", "\\1", "[\\D]", "{2}", "a|*",
      String(repeating: "(", count: 100) + String(repeating: ")", count: 100),
      String(repeating: "a", count: 5000),
    ]
  )
  func refused(_ pattern: String) {
    #expect(throws: Failure.self) { try Pattern(pattern) }
  }

  @Test(
    "A pattern that would come to too much is refused before it does",
    arguments: ["(a{1000}){1000}", "(?:(?:(?:){1000}){1000}){1000}"]
  )
  func tooLarge(_ pattern: String) {
    #expect(throws: Failure.self) { try Pattern(pattern) }
  }

  @Test(
    "A text that a backtracking matcher would never finish ends",
    arguments: ["(a|a)*b", "(a*)*b", "(a|aa)+$b", "a*a*a*a*a*a*a*b"]
  )
  func hostileText(_ pattern: String) throws {
    #expect(try Pattern(pattern).firstMatch(in: String(repeating: "a", count: 5000)) == nil)
  }

  @Test("Of a long text only the beginning is looked at")
  func longText() throws {
    let text = String(repeating: "a", count: Pattern.longestText) + "b"
    #expect(try Pattern("b").firstMatch(in: text) == nil)
  }
}
