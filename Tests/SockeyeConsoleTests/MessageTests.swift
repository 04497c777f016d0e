import NIOCore
import SockeyeTalk
import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeConsole

@Suite("Messages as people write them")
struct MessageTests {
  private func bytes(
    _ json: JSONObject,
    encoding: String = "utf-8",
    framing: Framing = .raw,
    _ variables: Variables = Variables()
  ) throws -> [UInt8] {
    var variables = variables
    let message = try MessageForm(json)
    return Array(
      try message.compose(encoding: TextEncoding(encoding), framing: framing, &variables).bytes.readableBytesView
    )
  }

  @Test(
    "Hexadecimal digits are read however they are written",
    arguments: [
      ("48 65 6c", [0x48, 0x65, 0x6C]), ("0x48,0x65", [0x48, 0x65]), ("48:65-6C;6c", [0x48, 0x65, 0x6C, 0x6C]),
      ("4865", [0x48, 0x65]),
      ("1 2 a", [1, 2, 10]), ("486", [0x48, 6]), ("", []), (" \n", []), ("\\x41\t\\X42", [0x41, 0x42]),
    ] as [(String, [UInt8])]
  )
  func hexadecimal(_ text: String, _ expected: [UInt8]) throws {
    #expect(try bytes(["form": "hex", "text": .string(text)]) == expected)
  }

  @Test("Text is encoded, its lines end as is asked, and its checksum goes behind")
  func text() throws {
    #expect(try bytes(["text": "你", "ending": "crlf"], encoding: "gbk") == [0xC4, 0xE3, 0x0D, 0x0A])
    #expect(try bytes(["text": "a\nb", "ending": "crlf"]) == Array("a\r\nb\r\n".utf8))
    #expect(try bytes(["text": "a\\n\\x00\\\\", "escapes": true]) == [0x61, 0x0A, 0x00, 0x5C])
    #expect(try bytes(["text": "a\\n"]) == [0x61, 0x5C, 0x6E])
    let check: JSONObject = ["algorithm": "crc-16/modbus", "order": "little"]
    #expect(
      try bytes(["form": "hex", "text": "01 03 00 00 00 0A", "check": .object(check)])
        == [1, 3, 0, 0, 0, 10, 0xC5, 0xCD]
    )
  }

  @Test("A checksum may leave out bytes at either end")
  func checkedRange() throws {
    let check: JSONObject = ["algorithm": "sum8", "from": 1, "end": 1]
    #expect(try bytes(["form": "hex", "text": "ff 01 02 ff", "check": .object(check)]) == [0xFF, 1, 2, 0xFF, 3])
    let beyond: JSONObject = ["algorithm": "sum8", "from": 9, "end": 9]
    #expect(try bytes(["form": "hex", "text": "01", "check": .object(beyond)]) == [1, 0])
  }

  @Test("Variables stand for values, and what was received for itself, whatever it is")
  func variables() throws {
    var variables = Variables()
    variables.counter = 7
    variables.received = [0x00, 0x5C, 0x6E, 0xFF]
    variables.matches = ["all", "one"]
    func text(_ text: String, _ form: String = "text", escapes: Bool = false) throws -> [UInt8] {
      try bytes(
        ["form": .string(form), "text": .string(text), "variables": true, "escapes": .bool(escapes)],
        variables
      )
    }
    #expect(try text("<${counter}|${counter:3}>") == Array("<7|008>".utf8))
    #expect(try text("${counter:2} ff", "hex") == [0, 7, 0xFF])
    #expect(try text("${received}\\n", escapes: true) == [0x00, 0x5C, 0x6E, 0xFF, 0x0A])
    #expect(try text("${received:1-2}") == [0x5C, 0x6E])
    #expect(try text("${received:3-9223372036854775807}") == [0xFF])
    #expect(try text("${match}${match:1}${match:9}") == Array("allone".utf8))
    #expect(try text("$${x}") == Array("${x}".utf8))
    #expect(try text("${random:8}", "hex").count == 8)
    #expect(try text("${uuid}").count == 36)
    #expect(try text("${date} ${time}").count == 19)
    for wrong in [
      "${", "${x", "${x}", "${}", "${counter:0}", "${received:2-1}", "${received:-1}", "${random:9999}", "${match:-1}",
    ] {
      #expect(throws: ConsoleError.self) { try text(wrong) }
    }
  }

  @Test("Without variables a dollar sign is one")
  func plain() throws {
    #expect(try bytes(["text": "${counter}"]) == Array("${counter}".utf8))
  }

  @Test("A member that there is none of is named")
  func unknownMember() {
    #expect { try MessageForm(["text": "", "ednig": "lf"]) } throws: { error in
      (error as? ConsoleError)?.phrase.english.contains("ednig") == true
    }
  }
}
