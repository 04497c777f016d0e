import NIOCore
import SockeyeTalk
import Testing

@testable import SockeyeConsole

@Suite("Rules")
struct RuleTests {
  private func holds(_ condition: String, _ bytes: [UInt8], from source: String = "192.0.2.7") throws -> Bool {
    let parsed = try RuleCondition(JSONReader.read(condition.utf8), .utf8)
    let subject = RuleCondition.Subject(
      bytes: bytes,
      text: String(decoding: bytes, as: UTF8.self),
      source: try SocketAddress(ipAddress: source, port: 1)
    )
    if case .holds = parsed.judge(subject) { return true }
    return false
  }

  @Test(
    "Conditions hold of what they say",
    arguments: [
      ("true", true), (#"{"contains":{"text":"el"}}"#, true), (#"{"contains":{"hex":"6c 6c 6f"}}"#, true),
      (#"{"contains":{"text":"lo!"}}"#, false), (#"{"contains":{"text":""}}"#, true),
      (#"{"prefix":{"text":"he"}}"#, true),
      (#"{"prefix":{"text":"hello!"}}"#, false), (#"{"equals":{"text":"hello"}}"#, true),
      (#"{"equals":{"text":"Hello"}}"#, false),
      (#"{"equals":{"text":"Hello","mask":"df ff ff ff ff"}}"#, true), (#"{"length":{"min":5,"max":5}}"#, true),
      (#"{"length":{"min":6}}"#, false), (#"{"integer":{"offset":0,"bytes":2,"min":26725,"max":26725}}"#, true),
      (#"{"integer":{"offset":0,"bytes":2,"order":"little","min":25960,"max":25960}}"#, true),
      (#"{"integer":{"offset":4,"bytes":2}}"#, false), (#"{"pattern":"^h.*o$"}"#, true),
      (#"{"source":"192.0.2.0/24"}"#, true),
      (#"{"source":"10.0.0.0/8"}"#, false), (#"{"all":[true,{"length":{"min":9}}]}"#, false),
      (#"{"any":[{"length":{"min":9}},true]}"#, true),
      (#"{"all":[]}"#, true), (#"{"any":[]}"#, false), (#"{"not":{"length":{"min":9}}}"#, true),
      (#"{"not":true}"#, false),
    ]
  )
  func conditions(_ condition: String, _ expected: Bool) throws {
    #expect(try holds(condition, Array("hello".utf8)) == expected)
  }

  @Test("A checksum is of all before it")
  func checksum() throws {
    let condition = #"{"checksum":{"algorithm":"crc-16/modbus","order":"little"}}"#
    #expect(try holds(condition, [1, 3, 0, 0, 0, 10, 0xC5, 0xCD]))
    #expect(try !holds(condition, [1, 3, 0, 0, 0, 10, 0xC5, 0xCE]))
    #expect(try !holds(condition, [1]))
  }

  @Test("An integer of eight bytes that no signed one holds is in no range")
  func largeInteger() throws {
    let condition = #"{"integer":{"offset":0,"bytes":8,"min":0}}"#
    #expect(try !holds(condition, [UInt8](repeating: 0xFF, count: 8)))
    #expect(try holds(condition, [0x7F] + [UInt8](repeating: 0xFF, count: 7)))
  }

  @Test(
    "What is no condition is refused",
    arguments: [
      "false", "1", "[]", "{}", #"{"x":1}"#, #"{"all":[true],"any":[]}"#, #"{"all":true}"#, #"{"contains":"x"}"#,
      #"{"contains":{}}"#,
      #"{"contains":{"text":"a","hex":"61"}}"#, #"{"equals":{"text":"ab","mask":"ff"}}"#,
      #"{"length":{"min":5,"max":4}}"#,
      #"{"integer":{"bytes":9}}"#, #"{"integer":{"offset":-1}}"#, #"{"pattern":"("}"#, #"{"source":"x"}"#,
      #"{"checksum":{}}"#,
    ]
  )
  func refused(_ condition: String) {
    #expect(throws: ConsoleError.self) { try RuleCondition(JSONReader.read(condition.utf8), .utf8) }
  }

  @Test("A peer gets so many answers a second, and is told once of those withheld")
  func budget() {
    var now = NIODeadline.uptimeNanoseconds(0)
    var budget = AnswerBudget(2, at: now)
    func take() -> AnswerBudget.Verdict { budget.take(at: now) }
    #expect([take(), take(), take(), take()] == [.give, .give, .withholdAndTell, .withhold])
    now = now + .milliseconds(999)
    #expect(take() == .withhold)
    now = now + .milliseconds(1)
    #expect(take() == .give)
  }
}
