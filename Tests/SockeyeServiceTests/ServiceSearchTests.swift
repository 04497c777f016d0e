import NIOCore
import Testing

@testable import SockeyeService

@Suite("Service: search in all folders below")
struct ServiceSearchTests {
  private let directory: TemporaryDirectory
  private let served: ServedDirectory

  init() throws {
    directory = try TemporaryDirectory()
    for folder in ["a", "a/Reports", "a/Reports/old", "b", ".hidden"] { directory.makeDirectory(folder) }
    for file in [
      "report.txt", "a/Reports/May Report.pdf", "a/Reports/old/报告 report?.txt", "a/notes", "b/REPORT", ".hidden/report",
      "b/.report",
    ] { try directory.write("x", to: file) }
    directory.link("b/up", to: "..")
    served = try ServedDirectory(path: directory.path)
  }

  private func find(
    _ words: String,
    in path: String = "",
    rules: AccessRules = .usual,
    format: any ListingFormat = PlainListing()
  )
    throws -> String
  {
    let path = try #require(ResourcePath(path.utf8))
    let search = try SearchProducer(path, words: words, in: served, rules: rules, format: format)
    var text = ""
    while let piece = try search.next(ByteBufferAllocator()) { text += String(buffer: piece) }
    return text
  }

  private func lines(_ text: String) -> Set<String> { Set(text.split(separator: "\n").map(String.init)) }

  @Test("All words have to be in a name, in any case and anywhere below, and links lead nowhere")
  func words() throws {
    #expect(
      try lines(find("report"))
        == ["report.txt", "a/Reports/", "a/Reports/May Report.pdf", "a/Reports/old/报告 report?.txt", "b/REPORT"]
    )
    #expect(try lines(find("PDF+may")) == ["a/Reports/May Report.pdf"])
    #expect(try lines(find("报告", in: "a/Reports/")) == ["old/报告 report?.txt"])
    #expect(try find("hidden") == "" && find("../") == "" && find("a/Reports") == "")
  }

  @Test("What may not be read is not found either")
  func rights() throws {
    let rules = try #require(AccessRules("read /a/Reports=none /b=add"))
    #expect(try lines(find("report", rules: rules)) == ["report.txt"])
  }

  @Test("A link to what was found leads there, and hostile words stay text")
  func links() throws {
    let page = try find("报告", format: HTMLListing(path: .root, takesUploads: false, words: "\"><script>"))
    #expect(page.contains("href=\"a/Reports/old/%E6%8A%A5%E5%91%8A%20report%3F.txt\""))
    #expect(page.contains("value=\"&quot;&gt;&lt;script&gt;\"") && !page.contains("\"><script>"))
  }

  @Test("A large folder is looked through piece by piece, and what is found has an end that is told")
  func limits() throws {
    directory.makeDirectory("many")
    for number in 0..<(SearchProducer.mostFound + 1) { directory.link("many/n\(number)", to: "../report.txt") }
    let path = try #require(ResourcePath("many/".utf8))
    let search = try SearchProducer(path, words: "nothing", in: served, rules: .usual, format: PlainListing())
    var pieces = 0
    while let piece = try search.next(ByteBufferAllocator()) {
      #expect(piece.readableBytes == 0)
      pieces += 1
    }
    #expect(pieces > SearchProducer.mostFound / SearchProducer.mostLookedAtOnce)
    let found = try find("n", in: "many/", format: JSONListing(path: path))
    #expect(found.hasSuffix("\n],\"cut\":true}\n") && found.count(of: "\"name\"") == SearchProducer.mostFound)
  }
}
