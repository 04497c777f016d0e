import Testing

@testable import SockeyeText

@Suite("Text that holds any bytes")
struct RawTextTests {
  @Test(
    "Bytes come back as they were",
    arguments: [
      [], [0x41], Array("接收 é".utf8), [0xB9, 0xFB], [0x41, 0xFF, 0xC3, 0xA9, 0xC3], [0xED, 0xA0, 0x80],
      [0xF0, 0x9F, 0x98],
      [0xC0, 0xAE], (0x80...0xFF).map { UInt8($0) },
    ] as [[UInt8]]
  )
  func roundTrip(bytes: [UInt8]) {
    #expect(RawText.bytes(RawText.text(bytes)) == bytes)
    RawText.withPath(RawText.text(bytes)) { path in
      #expect(bytes.indices.allSatisfy { UInt8(bitPattern: path[$0]) == bytes[$0] } && path[bytes.count] == 0)
    }
  }

  @Test("What is UTF-8 is text as usual, and a stray byte is shown by its digits")
  func shown() {
    #expect(RawText.text(Array("a接".utf8)) == "a接")
    #expect(VisibleText.of(RawText.text([0x41, 0xB9, 0x42])) == "A\\xb9B")
  }
}
