import SockeyeTransport
import Testing

@testable import SockeyeConsole

@Suite("JSON from others")
struct JSONTests {
  @Test("What is read is written the same")
  func roundTrip() throws {
    let text = #"{"a":[1,-2,0.5,true,false,null,"x\n\"\\é"],"b":{"c":9007199254740993},"__proto__":{"x":1}}"#
    #expect(try JSONReader.read(text.utf8).text == text)
  }

  @Test("Escapes stand for what they do, surrogates in pairs")
  func escapes() throws {
    #expect(try JSONReader.read(#""\u4f60\ud83d\ude00\/\t""#.utf8) == "你😀/\t")
  }

  @Test(
    "What is no JSON is refused",
    arguments: [
      "", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{a:1}", "01", "1.", ".5", "1e", "-", "+1", "nul",
      "truex",
      "\"\u{01}\"", "\"\\x\"", "\"\\ud83d\"", "\"\\ude00\"", "\"\\u+123\"", "\"\\u-001\"", "\"open", "1 2", "1e999",
      "-1e999",
      "NaN", "[1 2]", "{\"a\" 1}", "\u{FEFF}1",
    ]
  )
  func refused(_ text: String) {
    #expect(throws: Failure.self) { try JSONReader.read(text.utf8) }
  }

  @Test("Bytes that are no UTF-8 are refused")
  func badText() {
    #expect(throws: Failure.self) { try JSONReader.read([0x22, 0xC3, 0x28, 0x22]) }
    #expect(throws: Failure.self) { try JSONReader.read([0x22, 0xED, 0xA0, 0x80, 0x22]) }
  }

  @Test("Nesting and the number of values are bounded")
  func bounds() throws {
    let most = JSONReader.greatestDepth
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSONReader.read(nested(most).utf8)
    #expect(throws: Failure.self) { try JSONReader.read(nested(most + 2).utf8) }
    #expect(throws: Failure.self) { try JSONReader.read(String(repeating: "[", count: 1_000_000).utf8) }
    let many = "[" + String(repeating: "0,", count: JSONReader.mostValues) + "0]"
    #expect(throws: Failure.self) { try JSONReader.read(many.utf8) }
  }

  @Test("A number too large for an integer is a floating-point one")
  func largeNumbers() throws {
    #expect(try JSONReader.read("9223372036854775807".utf8) == .integer(.max))
    #expect(try JSONReader.read("9223372036854775808".utf8) == .number(9_223_372_036_854_775_808))
  }

  @Test("A text cut anywhere is refused, and never a fault")
  func truncation() {
    let text = Array(#"{"a":[1.5e3,"\u00e9\ud83d\ude00",{"b":null}]}"#.utf8)
    for end in 0..<text.count { #expect(throws: Failure.self) { try JSONReader.read(text[..<end]) } }
  }
}
