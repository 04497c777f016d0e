import NIOCore
import Testing

@testable import SockeyeService

@Suite("Service: texts that are compressed while they are sent")
struct ServiceCompressionTests {
  private let served: ServedLoop

  init() throws {
    served = try ServedLoop()
    for name in ["text.txt", "page.html", "data.json", "picture.png", "packed.gz"] {
      try served.directory.write(String(repeating: "words ", count: 400), to: name)
    }
    try served.directory.write(String(repeating: "x", count: 1023), to: "short.json")
  }

  private func head(_ target: String, _ fields: String..., version: String = "1.1") throws -> String {
    let connection = try served.connect()
    return try connection.send(
      "HEAD \(target) HTTP/\(version)\r\nHost: x\r\n" + fields.map { "\($0)\r\n" }.joined() + "\r\n"
    )
  }

  @Test(
    "What is text, long enough and asked for is compressed, and nothing else",
    arguments: [
      ("/data.json", "gzip", true), ("/data.json", "br, gzip;q=0.1", true), ("/data.json", "gzip;q=0", false),
      ("/data.json", "identity", false), ("/picture.png", "gzip", false), ("/packed.gz", "gzip", false),
      ("/short.json", "gzip", false),
    ]
  )
  func choices(target: String, codings: String, compresses: Bool) throws {
    let head = try head(target, "Accept-Encoding: \(codings)")
    #expect(head.contains("Content-Encoding: gzip\r\n") == compresses)
    #expect(head.contains("ETag: W/\"") == compresses && head.contains("Content-Length") != compresses)
    #expect(head.contains("Vary: Accept-Encoding\r\n") && head.count(of: "Vary") == 1)
  }

  @Test(
    "A part, a digest and HTTP/1.0 have the file as it is",
    arguments: [("Range: bytes=0-9", "1.1"), ("Want-Repr-Digest: sha-256=1", "1.1"), ("X: y", "1.0")]
  )
  func exceptions(field: String, version: String) throws {
    let head = try head("/data.json", field, "Accept-Encoding: gzip", version: version)
    #expect(!head.contains("Content-Encoding"))
  }

  @Test("Who has it compressed is told that it is the same, and a range isn't held against that")
  func tags() throws {
    let head = try head("/data.json", "Accept-Encoding: gzip")
    let tag = try #require(head.split(separator: "\r\n").first { $0.hasPrefix("ETag: ") }?.dropFirst(6))
    #expect(try self.head("/data.json", "Accept-Encoding: gzip", "If-None-Match: \(tag)").statuses == ["304"])
    #expect(try self.head("/data.json", "If-None-Match: \(tag)").statuses == ["200"])
    let range = try served.connect().send(
      "GET /data.json HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\nIf-Range: \(tag)\r\nAccept-Encoding: gzip\r\n\r\n"
    )
    #expect(range.statuses == ["200"] && !range.contains("Content-Encoding"))
  }

  @Test("Beyond so many at once it goes as it is, until one of them has ended")
  func slots() throws {
    let slots = try #require(served.worker.shared.compression)
    var encoders = (0..<CompressionSlots.most).compactMap { _ in GzipEncoder(in: slots) }
    #expect(encoders.count == CompressionSlots.most)
    let head = try head("/data.json", "Accept-Encoding: gzip")
    #expect(!head.contains("Content-Encoding") && !head.contains("W/") && head.contains("Content-Length: 2400"))
    encoders.removeLast()
    #expect(try self.head("/data.json", "Accept-Encoding: gzip").contains("Content-Encoding: gzip"))
  }

  @Test("A file that changes while it is compressed is broken off")
  func changing() throws {
    let file = try served.worker.shared.directory.open(#require(ResourcePath("data.json".utf8)))
    let slots = try #require(served.worker.shared.compression)
    let producer = GzipProducer(FileProducer(file), by: try #require(GzipEncoder(in: slots)))
    _ = try producer.next(ByteBufferAllocator())
    try served.directory.write("less", to: "data.json")
    #expect(throws: FileProducer.Changed.self) { try producer.next(ByteBufferAllocator()) }
  }

  @Test("Nobody compresses where that isn't wanted")
  func off() throws {
    let served = try ServedLoop { $0.compresses = false }
    try served.directory.write(String(repeating: "words ", count: 400), to: "data.json")
    let head = try served.connect().send("HEAD /data.json HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
    #expect(!head.contains("Content-Encoding") && head.contains("Content-Length: 2400"))
  }
}
