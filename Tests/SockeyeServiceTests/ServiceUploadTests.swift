import Glibc
import Testing

@testable import SockeyeService

@Suite("Service: uploads")
struct ServiceUploadTests {
  private let directory: TemporaryDirectory
  private let served: ServedDirectory

  init() throws {
    directory = try TemporaryDirectory()
    served = try ServedDirectory(path: directory.path)
  }

  private func path(_ text: String) throws -> ResourcePath { try #require(ResourcePath(text.utf8)) }

  private func place(_ name: String, first: Int64 = 0, needed: Int64 = 0) throws -> UploadPlace {
    try UploadPlace(path(name), first: first, needed: needed, in: served)
  }

  private func write(_ text: String, to place: UploadPlace, at offset: Int64 = 0) {
    #expect(Array(text.utf8).withUnsafeBytes { place.write($0, at: offset) } == 0)
  }

  // MARK: The quota

  @Test("What an upload counts before it comes and does not bring is given back")
  func settled() throws {
    let area = UploadArea(quota: 100)
    let name = try path("a")
    #expect(area.takeKept(name) == 0 && area.reserve(80) && !area.reserve(21))
    area.settle(name, counted: 80, stays: 30, isPartial: false)
    #expect(area.hasRoom(for: 70) && !area.hasRoom(for: 71))
  }

  @Test("What an interrupted upload left is counted until somebody continues it, begins anew, or it fails")
  func kept() throws {
    let area = UploadArea(quota: 100)
    let name = try path("a")
    #expect(area.reserve(60))
    area.settle(name, counted: 60, stays: 40, isPartial: true)
    #expect(!area.hasRoom(for: 61) && area.takeKept(name) == 40 && area.takeKept(name) == 0)
    area.settle(name, counted: 40, stays: 0, isPartial: true)
    #expect(area.hasRoom(for: 100) && area.takeKept(name) == 0)
  }

  @Test("Without a quota there is room for anything")
  func unlimited() throws {
    let area = UploadArea(quota: nil)
    #expect(area.reserve(.max) && area.reserve(.max) && area.hasRoom(for: .max))
  }

  @Test("Two uploads never write the same file")
  func claims() throws {
    let area = UploadArea(quota: nil)
    let name = try path("a")
    #expect(area.claim(name) && !area.claim(name))
    area.release(name)
    #expect(area.claim(name))
  }

  // MARK: Places

  @Test("A file appears under its name when it is whole, and not before")
  func published() throws {
    let place = try place("a")
    write("hello", to: place)
    #expect(directory.names.count == 1 && directory.read("a") == nil)
    #expect(place.publish().isDone)
    place.close()
    #expect(directory.names == ["a"] && directory.read("a") == "hello")
  }

  @Test("Nothing is overwritten, neither what is there at the beginning nor what appears meanwhile")
  func neverOverwritten() throws {
    let late = try place("b")
    try directory.write("first", to: "a")
    try directory.write("first", to: "b")
    #expect(throws: UploadPlace.Refusal.status(.conflict)) { try place("a") }
    #expect(late.publish() == .nameTaken && directory.read("b") == "first")
    late.close()
  }

  @Test("What was interrupted goes on where it ended, and nowhere else; a start from nothing leaves nothing")
  func continued() throws {
    let first = try place("a")
    write("hel", to: first)
    first.close()
    #expect(UploadPlace.partialSize(of: try path("a"), in: served) == 3)
    #expect(throws: UploadPlace.Refusal.wrongOffset(size: 3)) { try place("a", first: 2) }
    let second = try place("a", first: 3)
    write("lo", to: second, at: 3)
    #expect(second.publish().isDone && directory.read("a") == "hello")
    second.close()
    #expect(throws: UploadPlace.Refusal.wrongOffset(size: 0)) { try place("c", first: 5) }
    #expect(directory.names == ["a"])
  }

  @Test("A failed upload leaves nothing; a failed part leaves what was there before it")
  func undone() throws {
    let first = try place("a")
    write("hel", to: first)
    first.close()
    let part = try place("a", first: 3)
    write("xx", to: part, at: 3)
    part.undo(to: 3)
    part.close()
    #expect(UploadPlace.partialSize(of: try path("a"), in: served) == 3)
    let anew = try place("a")
    anew.undo(to: 0)
    anew.close()
    #expect(directory.names.isEmpty)
  }

  @Test("A file that another service receives is locked, and what no disk can hold is refused at once")
  func refused() throws {
    let first = try place("a")
    #expect(throws: UploadPlace.Refusal.status(.locked)) { try place("a") }
    first.close()
    #expect(throws: UploadPlace.Refusal.status(.insufficientStorage)) { try place("b", needed: .max) }
    #expect(!directory.names.contains { $0.contains("b") })
  }

  @Test("A link that stands in the place of the hidden file is not followed")
  func link() throws {
    try directory.write("victim", to: "victim")
    let hidden = String(decoding: PartialName.of(Array("a".utf8)[...]), as: UTF8.self)
    directory.link(hidden, to: "victim")
    #expect(throws: UploadPlace.Refusal.self) { try place("a") }
    #expect(directory.read("victim") == "victim")
  }

  // MARK: Hidden names

  @Test(
    "Every name that a file system takes has a hidden one, and no two have the same",
    arguments: [1, 238, 239, 240, 247, 248, 255]
  )
  func longNames(length: Int) throws {
    let name = String(repeating: "n", count: length)
    let hidden = PartialName.of(Array(name.utf8)[...])
    #expect(hidden.count <= 255 && PartialName.isPartial(hidden))
    #expect(hidden != PartialName.of(Array((name.dropLast() + "m").utf8)[...]))
    let place = try place(name)
    #expect(place.publish().isDone && directory.names == [name])
    place.close()
  }

  @Test("A long name in UTF-8 is cut between its characters")
  func longCharacters() {
    for length in 80...85 {
      let hidden = PartialName.of(Array(String(repeating: "接", count: length).utf8)[...])
      #expect(hidden.count <= 255 && String(validating: hidden, as: UTF8.self) != nil)
    }
  }

  @Test("What an earlier service left is swept away at every depth, and nothing else is")
  func sweep() throws {
    let leftover = String(decoding: PartialName.of(Array("a".utf8)[...]), as: UTF8.self)
    directory.makeDirectory("sub")
    directory.makeDirectory("sub/below")
    for folder in ["", "sub/", "sub/below/"] {
      try directory.write("left", to: folder + leftover)
      try directory.write("mine", to: folder + ".mine.upload")
    }
    let active = try place("active")
    let elsewhere = try TemporaryDirectory()
    try elsewhere.write("left", to: leftover)
    directory.link("out", to: elsewhere.path)
    UploadSweep.run(in: served)
    for folder in ["", "sub/", "sub/below/"] {
      #expect(directory.read(folder + leftover) == nil && directory.read(folder + ".mine.upload") == "mine")
    }
    #expect(elsewhere.names == [leftover])
    #expect(active.publish().isDone)
    active.close()
  }
}

extension UploadPlace.Publication {
  /// Whether the file has a name.
  var isDone: Bool {
    if case .published = self { true } else { false }
  }
}
