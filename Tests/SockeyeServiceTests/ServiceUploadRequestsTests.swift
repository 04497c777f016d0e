import Glibc
import Testing

@testable import SockeyeService

/// What becomes of a PUT before a byte of it is on the disk, where its answer is known by then.
@Suite("Service: requests to upload")
struct ServiceUploadRequestsTests {
  private let served: ServedLoop

  init() throws { served = try ServedLoop { $0.uploads = .init(quota: 100) } }

  private static func put(_ target: String, _ fields: String...) -> String {
    "PUT \(target) HTTP/1.1\r\nHost: x\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
  }

  private static let chunked = "Transfer-Encoding: chunked"

  /// The statuses of what comes back, and what is in the directory afterwards beside what was there before.
  private func answer(_ text: String) throws -> (statuses: [Substring], left: Set<String>) {
    let statuses = try served.connect().send(text).statuses
    return (statuses, served.directory.names.subtracting(["a", "b", "sub"]))
  }

  @Test(
    "A name that isn't fit for a file is refused before its body comes",
    arguments: [
      ("/sub/", "409"), ("/", "409"), ("/.hidden", "403"), ("/.hidden/x", "403"), ("/x%01", "400"), ("/x%7f", "400"),
      ("/x%5cy", "400"), ("/%ff", "400"), ("/" + String(repeating: "n", count: 256), "400"), ("/nowhere/x", "404"),
      ("/x?y", "400"), ("/x?hash=sha256", "400"), ("/a", "409"), ("/../x", "403"), ("/%2e%2e/x", "403"),
    ]
  )
  func names(target: String, status: Substring) throws {
    served.directory.makeDirectory("sub")
    let (statuses, left) = try answer(Self.put(target, "Content-Length: 5"))
    #expect(statuses == [status] && left.isEmpty)
  }

  @Test(
    "A part whose fields contradict each other, or make no sense, is refused before its body comes",
    arguments: [
      ("bytes 0-4/9", "6", "400"), ("bytes 0-4/9", "4", "400"), ("bytes 5-4/9", "5", "400"),
      ("bytes 0-9/9", "10", "400"),
      ("bytes 0-4", "5", "400"), ("bytes */9", "5", "400"), ("rows 0-4/9", "5", "400"), ("bytes 5-9/10", "5", "409"),
    ]
  )
  func parts(range: String, length: String, status: Substring) throws {
    let (statuses, left) = try answer(Self.put("/x", "Content-Range: \(range)", "Content-Length: \(length)"))
    #expect(statuses == [status] && left.isEmpty)
  }

  @Test("What can't fit is refused before its body: by its length, and a part of it by the length of the whole")
  func quota() throws {
    #expect(try answer(Self.put("/x", "Content-Length: 101")) == (["507"], []))
    #expect(try answer(Self.put("/x", "Content-Range: bytes 0-0/101", "Content-Length: 1")) == (["507"], []))
    // Neither has cost anything.
    #expect(served.worker.shared.uploads?.hasRoom(for: 100) == true)
  }

  @Test(
    "What turns out not to fit is refused as soon as it does, and nothing of it stays, neither on the disk nor counted"
  )
  func unknownLength() throws {
    let body = "65\r\n" + String(repeating: "x", count: 101)
    #expect(try answer(Self.put("/x", Self.chunked) + body) == (["507"], []))
    #expect(served.worker.shared.uploads?.hasRoom(for: 100) == true)
  }

  @Test(
    "A part that turns out to be longer than it was said to be is refused as soon as it is, and a shorter one at its end"
  )
  func wrongLength() throws {
    let range = "Content-Range: bytes 0-2/9"
    #expect(try answer(Self.put("/x", range, Self.chunked) + "4\r\nlong") == (["400"], []))
    #expect(try answer(Self.put("/x", range, Self.chunked) + "0\r\n\r\n") == (["400"], []))
    #expect(served.worker.shared.uploads?.hasRoom(for: 100) == true)
  }

  @Test("A file that is being received is nobody else's to write, and is when its sender is gone")
  func claimed() throws {
    let first = try served.connect()
    #expect(try first.send(Self.put("/x", "Content-Length: 5")).isEmpty)
    #expect(try answer(Self.put("/x", "Content-Length: 5")).statuses == ["423"])
    first.close()
    #expect(served.worker.shared.uploads?.hasRoom(for: 100) == true)
    #expect(try served.connect().send(Self.put("/x", "Content-Length: 5")).isEmpty)
  }

  @Test("What is to replace a version has nothing to replace (RFC 9110, section 13.1.1)", arguments: ["*", "\"v1\""])
  func replacement(tag: String) throws {
    #expect(try answer(Self.put("/x", "If-Match: \(tag)", "Content-Length: 5")) == (["412"], []))
  }

  @Test("A length is needed, and a body isn't taken where nothing may be put")
  func refused() throws {
    #expect(try answer(Self.put("/x")).statuses == ["411"])
    let readOnly = try ServedLoop()
    #expect(try readOnly.connect().send(Self.put("/x", "Content-Length: 5")).statuses == ["405"])
  }

  @Test("What another user's upload left is not swept away", .enabled(if: geteuid() == 0, "only root can make such"))
  func sweptByOwner() throws {
    let leftover = String(decoding: PartialName.of(Array("x".utf8)[...]), as: UTF8.self)
    try served.directory.write("left", to: leftover)
    #expect(chown("\(served.directory.path)/\(leftover)", 1, 1) == 0)
    UploadSweep.run(in: try ServedDirectory(path: served.directory.path))
    #expect(served.directory.names.contains(leftover))
  }
}
