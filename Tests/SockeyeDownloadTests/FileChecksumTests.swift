import SockeyeText
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: the digests that files must have", .timeLimit(.minutes(1)))
struct FileChecksumTests {
  private typealias Reply = ScriptedOrigin.Reply

  /// Of "abc" (RFC 1321, appendix A.5; FIPS 180-4).
  private static let abc = [
    "md5:900150983cd24fb0d6963f7d28e17f72", "sha1:a9993e364706816aba3e25717850c26c9cd0d89d",
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
      + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  ]

  private static func digits(_ text: String) -> Substring { text.drop { $0 != ":" }.dropFirst() }

  @Test("Each algorithm's digest is that of its standard, and is read as people write it")
  func algorithms() throws {
    for text in Self.abc {
      let checksum = try #require(FileChecksum(text))
      #expect(checksum.description == text)
      var hash = FileHash(checksum.algorithm)
      for byte in "abc".utf8 { [byte].withUnsafeBytes { hash.update($0) } }
      #expect(hash.finalize() == checksum)
      for other in [String(Self.digits(text)).uppercased(), "\(checksum.algorithm.name)=\(Self.digits(text))"] {
        #expect(FileChecksum(other) == checksum)
      }
    }
    for bad in [
      "", "sha256:", "sha256:00", "md4:\(Self.digits(Self.abc[0]))", "00", "sha1:\(Self.digits(Self.abc[0]))",
    ] {
      #expect(FileChecksum(bad) == nil)
    }
    let long = String(repeating: "a", count: 1 << 20)
    #expect(FileChecksum(long) == nil && FileChecksum("sha256:\(long)") == nil && FileChecksum("zz" + long) == nil)
  }

  @Test("A file has the digest that was asked for, of whatever kind, or isn't given its name")
  func downloads() async throws {
    for text in Self.abc {
      for (body, problem) in [("abc", nil), ("abd", .integrity)] as [(String, Failure.Kind?)] {
        let download = try await ScriptedDownload { Reply.file(Array(body.utf8), $0, ["ETag: \"1\""]) }
        #expect(await download.run { $0.checksum = FileChecksum(text) }.problem == problem, "\(text)")
        #expect((download.contents() != nil) == (problem == nil))
        let report = await download.run { $0.checksum = FileChecksum(text) }
        if problem != nil { #expect(report.problem == .integrity && download.contents() == nil) }
      }
    }
  }

  @Test("A whole file that hasn't the digest makes room for one that has, whatever kind it is of")
  func again() async throws {
    for text in Self.abc {
      let download = try await ScriptedDownload { request in
        Reply.file(Array((request.connection == 0 ? "abd" : "abc").utf8), request, ["ETag: \"\(request.connection)\""])
      }
      #expect(await download.run { $0.checksum = FileChecksum(text) }.problem == .integrity)
      #expect(await download.run { $0.checksum = FileChecksum(text) }.problem == nil)
      #expect(download.contents() == Array("abc".utf8))
    }
  }

  @Test("What is passed on without being kept has only a SHA-256, and no byte of it goes out for another")
  func passedOn() async throws {
    let download = try await ScriptedDownload { Reply.file(Array("abc".utf8), $0) }
    let result = await download.run {
      $0.output = .descriptor(1)
      $0.checksum = FileChecksum(Self.abc[0])
    }
    #expect(result.problem == .usage && download.origin.requests.isEmpty)
  }

  // MARK: Lists

  private static func find(_ list: String, _ url: String = "http://h/dir/abc.txt") throws -> String {
    try ChecksumList(Array(list.utf8), from: "list").checksum(for: try DownloadURL(url)).description
  }

  @Test("Both forms of lists are read, with folders in front of names, among comments and signatures")
  func forms() throws {
    let digits = Self.digits(Self.abc[2])
    for line in [
      "\(digits)  abc.txt", "\(digits) *abc.txt", "\(digits) abc.txt", "\(digits)  ./abc.txt", "\(digits)  dir/abc.txt",
      "SHA256 (abc.txt) = \(digits)", "SHA2-256 (x) = 00\nSHA256 (dir/abc.txt) = \(digits)", "\(digits)", "\(digits)  ",
      "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n\(digits)  abc.txt\r\n# end", "\\\(digits)  abc.txt",
    ] {
      #expect(try Self.find(line) == Self.abc[2], "\(line)")
    }
    #expect(try Self.find("\\\(digits)  a\\nb\\\\", "http://h/a%0Ab%5C") == Self.abc[2])
    #expect(try Self.find("SHA256 (a) = (b) = \(digits)", "http://h/a)%20=%20(b") == Self.abc[2])
    #expect(try Self.find("\(digits)   leading", "http://h/%20leading") == Self.abc[2])
    #expect(try Self.find(Self.abc.map { "\(Self.digits($0))  abc.txt" }.joined(separator: "\n")) == Self.abc[4])
  }

  @Test("A list with other names, or with two digests for one, vouches for nothing")
  func otherNames() {
    let digits = Self.digits(Self.abc[2])
    let other = String(repeating: "0", count: 64)
    for list in [
      "\(digits)  other.txt", "\(digits)  xabc.txt", "\(digits)  other/abc.txt", "\(digits)  /dir/abc.txt",
      "\(digits)  ../abc.txt", "\(digits)  abc.txt/", "\(digits)  ABC.txt", "\(digits)\n\(other)",
      "\(digits)  abc.txt\n\(other)  abc.txt", "\(digits)  abc.txt\nSHA256 (dir/abc.txt) = \(other)",
    ] {
      let error = #expect(throws: Failure.self) { _ = try Self.find(list) }
      #expect(error?.kind == .integrity, "\(list)")
    }
    for list in ["", "\n\n", "abc.txt", "<html>not found</html>", "SHA512 (abc.txt) = \(digits)", "\(digits)\tabc.txt"]
    {
      let error = #expect(throws: Failure.self) { _ = try Self.find(list) }
      #expect(error?.kind == .usage, "\(list)")
    }
  }

  @Test("A list comes by HTTP, within a limit")
  func fetched() async throws {
    let list = "\(Self.digits(Self.abc[3]))  x\n"
    let download = try await ScriptedDownload { request in
      switch request.target {
      case "/SUMS": Reply(body: Array(list.utf8))
      case "/long": Reply(body: [UInt8](repeating: 0x61, count: Downloader.longestChecksums + 1))
      case "/part": Reply(status: "206 Partial Content", fields: ["Content-Range: bytes 0-0/9"], body: [0x61])
      default: Reply.file(Array("abc".utf8), request)
      }
    }
    let url = download.origin.url
    let result = await download.with { downloader throws(Failure) in
      let checksums = try await downloader.checksums(from: "\(url)/SUMS")
      let target = try DownloadURL("\(url)/x")
      return try await downloader.download(target, checksum: try checksums.checksum(for: target))
    }
    #expect(try result.get()?.checksum?.algorithm == .sha384 && result.get()?.assurance == .checksum)
    for place in ["\(url)/long", "\(url)/part"] {
      let result = await download.with { downloader throws(Failure) in try await downloader.checksums(from: place) }
      #expect(result.problem == .peerProtocol)
    }
  }
}
