import NIOCore
import NIOSSL
import Testing

@testable import SockeyeTalk

@Suite("What is told of a handshake")
struct HandshakeTests {
  /// A ServerHello of TLS 1.2 with a session identifier, in records of so many bytes each.
  private static func hello(identifier: Int = 32, suite: UInt16 = 0x1301, kind: UInt8 = 2, recordSize: Int = 1000)
    -> [UInt8]
  {
    var message: [UInt8] = [kind, 0, 0, 80, 3, 3] + Array(repeating: 7, count: 32)
    message += [UInt8(identifier)] + Array(repeating: 9, count: identifier)
    message += [UInt8(suite >> 8), UInt8(suite & 0xFF), 0, 0, 0]
    var records: [UInt8] = []
    while !message.isEmpty {
      let part = message.prefix(recordSize)
      records += [22, 3, 3, 0, UInt8(part.count)] + part
      message.removeFirst(part.count)
    }
    return records
  }

  @Test("the cipher suite is found however the hello is cut", arguments: [1, 2, 3, 7, 1000], [1, 5, 1000])
  func suite(recordSize: Int, pieceSize: Int) {
    for identifier in [0, 1, 32] {
      var reader = ServerHelloReader()
      var rest = Self.hello(identifier: identifier, recordSize: recordSize)[...]
      while !rest.isEmpty {
        reader.take(rest.prefix(pieceSize))
        rest = rest.dropFirst(pieceSize)
      }
      #expect(reader.suite == 0x1301)
      reader.take(Self.hello(suite: 0x1302))
      #expect(reader.suite == 0x1301)
    }
  }

  @Test("what is no ServerHello has no suite, and takes no memory")
  func noSuite() {
    for bytes in [
      Array("HTTP/1.1 400 Bad Request\r\n".utf8), [21, 3, 3, 0, 2, 2, 40], Self.hello(kind: 1),
      Self.hello(identifier: 33),
      Array(repeating: [22, 3, 3, 0, 0], count: 1000).flatMap { $0 },
      [22, 3, 3, 255, 255, 2] + Array(repeating: 255, count: 9000),
    ] as [[UInt8]] {
      var reader = ServerHelloReader()
      for byte in bytes { reader.take([byte]) }
      #expect(reader.suite == nil)
    }
  }

  @Test("a suite is named as IANA names it, or by its number")
  func names() {
    #expect(CipherSuite.name(0x1301) == "TLS_AES_128_GCM_SHA256")
    #expect(CipherSuite.name(0x00FF) == "0x00FF")
  }

  private static func certificate(_ subject: String, by issuer: String) -> HandshakeFacts.Certificate {
    HandshakeFacts.Certificate(subject: subject, issuer: issuer, notBefore: 0, notAfter: 86_400)
  }

  @Test("a chain goes from the peer's own certificate to the one that vouches for itself, and never round in circles")
  func chain() {
    let (own, middle, root) = (
      Self.certificate("a", by: "b"), Self.certificate("b", by: "c"), Self.certificate("c", by: "c")
    )
    #expect(HandshakeFacts.chain(from: own, among: [root, own, middle]) == [own, middle, root])
    #expect(HandshakeFacts.chain(from: own, among: [root]) == [own])
    let (one, other) = (Self.certificate("x", by: "y"), Self.certificate("y", by: "x"))
    #expect(HandshakeFacts.chain(from: one, among: [other, one]) == [one, other])
  }

  @Test("days are counted down, and below none once it is over")
  func days() {
    let certificate = Self.certificate("a", by: "a")
    #expect(certificate.daysLeft(at: 0) == 1)
    #expect(certificate.daysLeft(at: 1) == 0)
    #expect(certificate.daysLeft(at: 86_400) == 0)
    #expect(certificate.daysLeft(at: 86_401) == -1)
    #expect(certificate.daysLeft(at: 2 * 86_400) == -1)
    #expect(certificate.daysLeft(at: .min) > 0)
    #expect(HandshakeFacts.day(86_400) == "1970-01-02")
  }
}
