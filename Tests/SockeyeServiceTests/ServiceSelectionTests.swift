import Glibc
import SockeyeTransport
import Testing

@testable import SockeyeService

@Suite("Service: files and folders that were picked")
struct ServiceSelectionTests {
  private let place: TemporaryDirectory

  init() throws {
    place = try TemporaryDirectory()
    for folder in ["x", "y", "y/photos", "y/photos/deep"] { place.makeDirectory(folder) }
    for file in ["x/file10", "x/file2", "x/secret", "y/photos/one", "y/photos/.hidden", "y/photos/deep/two"] {
      try place.write("\(file)\n", to: file)
    }
  }

  private func get(_ target: String, _ paths: [String]) throws -> String {
    let served = try ServedLoop { $0.content = .selection(paths.map { "\(place.path)/\($0)" }) }
    return try served.connect().send("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
  }

  private static let picked = ["x/file10", "x/file2", "y/photos/"]

  @Test(
    "What was picked is there by its name, with all that is in a folder, and nothing beside it",
    arguments: [
      ("/file2", "200"), ("/file10", "200"), ("/photos", "301"), ("/photos/one", "200"), ("/photos/deep/two", "200"),
      ("/secret", "404"), ("/file2/x", "404"), ("/file2/", "404"), ("/../x/secret", "404"),
      ("/photos/../secret", "404"),
      ("/photos/.hidden", "404"), ("/x/file2", "404"), ("/photos/none", "404"), ("//file2", "200"),
      ("/?hash=sha256", "400"),
    ] as [(String, Substring)]
  )
  func targets(target: String, status: Substring) throws {
    #expect(try get(target, Self.picked).statuses == [status])
  }

  @Test("Its list has just these, and they read as they are")
  func contents() throws {
    let reader = try FolderReader(
      .root,
      in: ServedDirectory(ServedSelection(paths: Self.picked.map { "\(place.path)/\($0)" }))
    )
    #expect(reader.next()?.name == Array("file2".utf8) && reader.next()?.name == Array("file10".utf8))
    let folder = reader.next()
    #expect(folder?.text == "photos" && folder?.isDirectory == true && reader.next() == nil)
    #expect(try get("/file2", Self.picked).hasSuffix("x/file2\n"))
  }

  @Test("It goes into archives whole")
  func archives() throws {
    let directory = ServedDirectory(try ServedSelection(paths: Self.picked.map { "\(place.path)/\($0)" }))
    let walk = try FolderWalk(.root, named: Array("files".utf8), in: directory)
    var found: [String] = []
    while let item = walk.next() {
      if case .file(_, let relative) = item { found.append(String(decoding: relative, as: UTF8.self)) }
    }
    #expect(found.sorted() == ["files/file10", "files/file2", "files/photos/deep/two", "files/photos/one"])
  }

  @Test("A file that is replaced is served as it is then, and a link in its place leads nowhere")
  func replacement() throws {
    let served = try ServedLoop { $0.content = .selection(["\(place.path)/x/file2"]) }
    try place.write("new", to: "x/other")
    rename("\(place.path)/x/other", "\(place.path)/x/file2")
    #expect(try served.connect().send("GET /file2 HTTP/1.1\r\nHost: x\r\n\r\n").hasSuffix("new"))
    unlink("\(place.path)/x/file2")
    place.link("x/file2", to: "\(place.path)/x/secret")
    #expect(try served.connect().send("GET /file2 HTTP/1.1\r\nHost: x\r\n\r\n").statuses == ["404"])
  }

  @Test("A link that was picked is followed, and has its own name")
  func links() throws {
    place.link("y/link", to: "../x/file2")
    #expect(try get("/link", ["y/link"]).hasSuffix("x/file2\n"))
    #expect(try get("/file2", ["y/link"]).statuses == ["404"])
  }

  @Test("What can't be served is refused at once")
  func refusals() {
    for (paths, kind) in [
      (["x/none"], Failure.Kind.localFile), (["y/photos/.hidden"], .usage), (["x/file2", "x/../x/file2"], .usage),
      (["/dev/null"], .usage), (["x/file2/"], .localFile),
    ] as [([String], Failure.Kind)] {
      #expect("\(paths)") {
        _ = try ServedSelection(paths: paths.map { $0.hasPrefix("/") ? $0 : "\(place.path)/\($0)" })
      } throws: { ($0 as? Failure)?.kind == kind }
    }
  }

  @Test("Nothing is put beside what was picked")
  func uploads() throws {
    let served = try ServedLoop {
      $0.content = .selection(["\(place.path)/x/file2"])
      $0.uploads = .init()
    }
    let put = "PUT /new HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
    #expect(try served.connect().send(put).statuses == ["405"] && place.read("x/new") == nil)
  }

  @Test("Names are in the order that people count in, and no two of them are alike")
  func naturalOrder() {
    let ordered = ["", "0", "00", "1", "2", "10", "A", "a", "a1b2", "a1b10", "a2", "a02", "a10", "a10b", "b", "é"]
    let inOrder = ["file1", "file2", "file10", "file20", "file100"]
    for names in [inOrder] {
      #expect(names.shuffled().sorted { NaturalOrder.precedes(Array($0.utf8), Array($1.utf8)) } == names)
    }
    // A strict order: of each two names one comes first, and none comes before itself.
    for left in ordered {
      for right in ordered {
        let (one, other) = (Array(left.utf8), Array(right.utf8))
        let isFirst = NaturalOrder.precedes(one, other)
        #expect(left == right ? !isFirst : isFirst != NaturalOrder.precedes(other, one), "\(left) \(right)")
      }
    }
    let digits = [UInt8](repeating: UInt8(ascii: "9"), count: 255)
    #expect(!NaturalOrder.precedes(digits, digits) && NaturalOrder.precedes(Array(digits.dropLast()), digits))
  }
}
