import FoundationEssentials
import NIOCore
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: the walk through a folder", .timeLimit(.minutes(1)))
struct FolderWalkTests {
  /// What came of a walk.
  private struct Outcome {
    var result: Result<FolderReport, Failure>
    /// What has been asked for.
    var targets: [String]
    /// The files below the place of downloads and beside it, as paths from the folder above it.
    var files: Set<String>

    var problem: Failure.Kind? {
      if case .failure(let failure) = result { failure.kind } else { nil }
    }
  }

  private static func listing(_ entries: [String]) -> String {
    #"{"v":1,"path":"/","entries":["# + entries.joined(separator: ",") + "]}"
  }

  private static func file(_ name: String, href: String? = nil) -> String {
    let reference = href.map { #","href":"\#($0)""# } ?? ""
    return #"{"name":"\#(name)","type":"file","size":1\#(reference)}"#
  }

  private static func folder(_ name: String) -> String { #"{"name":"\#(name)","type":"directory"}"# }

  /// Downloads `/top/` into the folder `in` of an empty folder.
  private func walk(
    limits: FolderDownload.Limits = .init(),
    prepare: (String) throws -> Void = { _ in },
    _ answer: @escaping @Sendable (String) -> String?
  ) async throws -> Outcome {
    let base = FileManager.default.temporaryDirectory.appending(path: "sockeye-walk-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: base) }
    try prepare(base)
    let transport = Transport.kernel()
    let origin = try await ScriptedOrigin(transport, answer)
    var options = DownloadOptions()
    options.folder = base + "/in"
    options.retries = 0
    // Others may keep the test waiting.
    options.idle = .hours(1)
    let downloader = Downloader(transport: transport, options: options)
    let result: Result<FolderReport, Failure>
    do throws(Failure) {
      let url = try DownloadURL(origin.url + "/top/")
      result = .success(try await FolderDownload(by: downloader, limits: limits).run(url))
    } catch {
      result = .failure(error)
    }
    await downloader.shutdown()
    await origin.close()
    let paths = try FileManager.default.subpathsOfDirectory(atPath: base)
    let files = paths.filter { path in
      var isFolder = false
      return FileManager.default.fileExists(atPath: "\(base)/\(path)", isDirectory: &isFolder) && !isFolder
    }
    return Outcome(result: result, targets: origin.targets, files: Set(files))
  }

  @Test("Folders inside one another are walked, and each file lies where the server has it")
  func nested() async throws {
    let outcome = try await walk { target in
      switch target {
      case "/top/?json": Self.listing([Self.file("a"), Self.folder("b c"), Self.folder("empty")])
      case "/top/b%20c/?json": Self.listing([Self.file("接"), Self.file("plain", href: "pl%61in")])
      case "/top/empty/?json": Self.listing([])
      default: target.hasSuffix("?json") ? nil : "x"
      }
    }
    let report = try outcome.result.get()
    #expect(report.downloaded == 3 && report.bytes == 3 && report.failed == 0)
    #expect(outcome.files == ["in/top/a", "in/top/b c/接", "in/top/b c/plain"])
    #expect(outcome.targets.contains("/top/b%20c/%E6%8E%A5"))
  }

  @Test("No name of a listing leads out of the folder, and the other files come nevertheless")
  func escapes() async throws {
    let names = ["..", ".", "", "../evil", "/etc/evil", "a/b", "..\\\\evil", "x\\u0000y"]
    let references = [
      "..%2fevil", "%2e%2e", "/evil", "http://127.0.0.1/evil", "a%2Fb", "%00", "./", "../evil", "%5c..",
    ]
    var entries = names.flatMap { [Self.file($0), Self.folder($0)] }
    entries += references.map { Self.file("good", href: $0) }
    let listing = Self.listing(entries + [Self.file("last")])
    let outcome = try await walk { target in target == "/top/?json" ? listing : target.hasSuffix("?json") ? nil : "x" }
    #expect(outcome.problem == .refusedLocally)
    #expect(outcome.files == ["in/top/last"], "\(outcome.files)")
    #expect(outcome.targets.allSatisfy { $0.hasPrefix("/top/") && !$0.contains("..") }, "\(outcome.targets)")
  }

  @Test("A server that invents folders without end is left at the greatest depth")
  func depth() async throws {
    let outcome = try await walk(limits: .init(depth: 5)) { target in
      target.hasSuffix("?json") ? Self.listing([Self.folder("d"), Self.file("f")]) : "x"
    }
    #expect(outcome.problem == .peerProtocol)
    #expect(outcome.targets.count { $0.hasSuffix("?json") } == 6)
    #expect(outcome.files.count == 6)
  }

  @Test("A listing with more entries than there may be is not begun, nor one that makes all of them too many")
  func number() async throws {
    let many = Self.listing((0..<10).map { Self.file("f\($0)") })
    let one = try await walk(limits: .init(entries: 9)) { target in target.hasSuffix("?json") ? many : "x" }
    #expect(one.problem == .peerProtocol && one.files.isEmpty && one.targets == ["/top/?json"])
    let exactly = try await walk(limits: .init(entries: 10)) { target in target.hasSuffix("?json") ? many : "x" }
    #expect(exactly.problem == nil && exactly.files.count == 10)
    let spread = try await walk(limits: .init(entries: 21)) { target in
      target == "/top/?json"
        ? Self.listing([Self.folder("a"), Self.folder("b")]) : target.hasSuffix("?json") ? many : "x"
    }
    #expect(spread.problem == .peerProtocol && spread.files.count == 10)
  }

  @Test("A listing longer than it may be is not read to its end")
  func length() async throws {
    let long = Self.listing([Self.file(String(repeating: "n", count: 200))])
    let outcome = try await walk(limits: .init(listing: 100)) { target in target.hasSuffix("?json") ? long : "x" }
    #expect(outcome.problem == .peerProtocol && outcome.files.isEmpty)
  }

  @Test(
    "What is no listing is the server's mistake",
    arguments: [
      "", "<html>", "[1]", "{}", #"{"v":2,"path":"/","entries":[]}"#, #"{"v":1}"#, #"{"v":1,"entries":{}}"#,
      #"{"v":1,"entries":[{"name":5,"type":"file"}]}"#, #"{"v":1,"entries":[{"name":"a","type":"link"}]}"#,
      #"{"v":1,"entries":[{"name":"a","type":"file","size":-1}]}"#,
      #"{"v":1,"entries":[{"name":"a","type":"file","size":1e30}]}"#, String(repeating: "[", count: 100_000),
    ]
  )
  func nonsense(text: String) async throws {
    let outcome = try await walk { _ in text }
    #expect(outcome.problem == .peerProtocol && outcome.files.isEmpty)
  }

  @Test("A link that stands in the place of a folder is not followed, and the folders beside it are walked")
  func links() async throws {
    let outcome = try await walk { base in
      try FileManager.default.createDirectory(atPath: base + "/in/top", withIntermediateDirectories: true)
      try FileManager.default.createDirectory(atPath: base + "/outside", withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(atPath: base + "/in/top/sub", withDestinationPath: base + "/outside")
    } _: { target in
      switch target {
      case "/top/?json": Self.listing([Self.folder("sub"), Self.folder("real")])
      default: target.hasSuffix("?json") ? Self.listing([Self.file("f")]) : "x"
      }
    }
    #expect(outcome.problem == .refusedLocally)
    #expect(outcome.files == ["in/top/real/f"], "\(outcome.files)")
  }

  @Test("A folder or a file that the server doesn't have keeps nothing else from coming")
  func missing() async throws {
    let outcome = try await walk { target in
      switch target {
      // Folders are walked from the last one on.
      case "/top/?json":
        Self.listing([Self.folder("kept"), Self.folder("gone"), Self.file("lost"), Self.file("there")])
      case "/top/kept/?json": Self.listing([Self.file("f")])
      default: target == "/top/there" || target == "/top/kept/f" ? "x" : nil
      }
    }
    #expect(outcome.problem == .serverReported && outcome.result.message.contains("2 of its files failed"))
    #expect(outcome.files == ["in/top/there", "in/top/kept/f"])
  }

  @Test("A folder that the server doesn't have fails as a file would")
  func missingTop() async throws {
    let outcome = try await walk { _ in nil }
    #expect(outcome.problem == .serverReported && !outcome.result.message.contains("of its files"))
  }
}
