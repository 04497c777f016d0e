import Glibc
import NIOCore
import Testing

@testable import SockeyeService

/// Folders that are copied, moved and removed, as the disk has them before and after.
@Suite("Service: WebDAV's trees")
struct WebDAVTreeTests {
  private let directory: TemporaryDirectory
  private let served: ServedDirectory
  private let area = UploadArea(quota: 1000)

  init() throws {
    directory = try TemporaryDirectory()
    for folder in ["from", "from/in", "other"] { directory.makeDirectory(folder) }
    for (name, text) in [("from/a", "aaa"), ("from/in/b", "bb"), ("other/c", "c"), ("file", "f")] {
      try directory.write(text, to: name)
    }
    served = try ServedDirectory(path: directory.path)
  }

  private func relocate(
    _ source: String,
    _ destination: String,
    copies: Bool = true,
    deep: Bool = true,
    replaces: Bool = true,
    rules: AccessRules = .usual
  ) throws -> Relocation.Outcome {
    Relocation(
      source: try #require(ResourcePath(source.utf8)),
      destination: try #require(ResourcePath(destination.utf8)),
      isCopy: copies,
      isDeep: deep,
      replacingFile: replaces ? nil : .preconditionFailed,
      replacingFolder: replaces ? nil : .preconditionFailed,
      rules: rules,
      unique: "test"
    ).run(in: served, area: area)
  }

  /// Nothing but what was there and what is expected.
  private func expectNames(_ names: Set<String>) { #expect(directory.names == names) }

  @Test(
    "What was copied or moved stands there as a whole, also in the place of something else",
    arguments: [
      ("file", "new", false), ("file", "other/c", true), ("file", "other", true), ("from", "new", false),
      ("from", "other", true), ("from", "file", true), ("from/in", "in", false),
    ],
    [true, false]
  )
  func relocation(paths: (String, String, Bool), copies: Bool) throws {
    let (source, destination, replaced) = paths
    #expect(try relocate(source, destination, copies: copies) == .done(replaced: replaced))
    let isFolder = source != "file"
    let inner = source == "from/in" ? "b" : "in/b"
    #expect(directory.read(isFolder ? "\(destination)/\(inner)" : destination) == (isFolder ? "bb" : "f"))
    #expect(directory.read(isFolder ? "\(source)/\(inner)" : source) == (copies ? isFolder ? "bb" : "f" : nil))
    #expect(!directory.names.contains { $0.hasPrefix(".") })
  }

  @Test("A folder alone is copied without what is in it")
  func shallow() throws {
    #expect(try relocate("from", "new", deep: false) == .done(replaced: false))
    #expect(directory.read("new/a") == nil && directory.mode("new") == 0o755)
  }

  @Test(
    "What can't be done leaves everything as it was",
    arguments: [
      ("none", "new", .refused(.notFound)), ("file/", "new", .refused(.notFound)),
      ("file", "none/new", .refused(.conflict, .folderAboveIsMissing)),
      ("file", "link", .refused(.conflict, .somethingIsThere)),
      ("file", "again", .refused(.conflict, .somethingIsThere)), ("from", "loop/new", .refused(.forbidden)),
      ("out", "new", .refused(.notFound)), ("pipe", "new", .refused(.notFound)),
      ("file", "hiding", .refused(.conflict, .hiddenThingsInFolder)),
      (".secret", "new", .refused(.notFound)),
    ] as [(String, String, Relocation.Outcome)],
    [true, false]
  )
  func refusals(paths: (String, String, Relocation.Outcome), copies: Bool) throws {
    directory.link("link", to: "file")
    directory.link("again", to: "nowhere")
    directory.link("loop", to: "from")
    directory.link("out", to: "/etc/passwd")
    directory.makeFIFO("pipe")
    directory.makeDirectory("hiding")
    try directory.write("kept", to: "hiding/.kept")
    try directory.write("secret", to: ".secret")
    let before = directory.names
    #expect(try relocate(paths.0, paths.1, copies: copies) == paths.2)
    #expect(directory.names == before && directory.read("hiding/.kept") == "kept" && directory.read("from/a") == "aaa")
  }

  @Test("What stands there isn't replaced by who may not")
  func overwriting() throws {
    for destination in ["other", "other/c"] {
      #expect(try relocate("file", destination, replaces: false) == .refused(.preconditionFailed))
    }
    #expect(directory.read("other/c") == "c" && directory.read("file") == "f")
  }

  @Test("A link is moved as what it is, and its file is what is copied")
  func links() throws {
    directory.link("link", to: "file")
    #expect(try relocate("link", "copy") == .done(replaced: false))
    #expect(directory.read("copy") == "f")
    #expect(try relocate("link", "moved", copies: false) == .done(replaced: false))
    try directory.write("changed", to: "file")
    #expect(directory.read("moved") == "changed" && directory.read("copy") == "f")
  }

  @Test("A copy counts, and one that doesn't fit leaves nothing, neither on the disk nor counted")
  func quota() throws {
    try directory.write(String(repeating: "x", count: 600), to: "from/big")
    #expect(try relocate("from", "one") == .done(replaced: false))
    #expect(area.hasRoom(for: 395) && !area.hasRoom(for: 396))
    #expect(try relocate("from", "two") == .refused(.insufficientStorage))
    #expect(area.hasRoom(for: 395))
    expectNames(["from", "other", "file", "one"])
  }

  @Test("What may not be read isn't copied with its folder")
  func unreadable() throws {
    let rules = try #require(AccessRules("read /from/in=none"))
    #expect(try relocate("from", "new", rules: rules) == .done(replaced: false))
    #expect(directory.read("new/a") == "aaa" && directory.read("new/in/b") == nil)
  }

  // MARK: Removal

  private func remove(_ name: String) throws -> Relocation.Outcome {
    let parent = try served.openDirectory(.root)
    defer { close(parent) }
    return FolderRemoval(name: Array(name.utf8), unique: "test").run(in: parent)
  }

  @Test("A folder goes with all that is in it, and nothing that its links lead to")
  func removal() throws {
    directory.link("from/out", to: "../other")
    directory.link("from/in/file", to: "../../file")
    #expect(try remove("from") == .done(replaced: true))
    expectNames(["other", "file"])
    #expect(directory.read("other/c") == "c" && directory.read("file") == "f")
  }

  @Test("A folder with something hidden in it, however deep, stays as it is")
  func hidden() throws {
    try directory.write("kept", to: "from/in/.kept")
    #expect(try remove("from") == .refused(.conflict, .hiddenThingsInFolder))
    #expect(directory.read("from/in/.kept") == "kept" && directory.read("from/a") == "aaa")
  }

  @Test("A folder that is deeper than anybody looks stays as it is")
  func deep() throws {
    let path = (0...FolderTree.deepest).reduce(into: ["from"]) { path, _ in
      path.append(path[path.count - 1] + "/d")
    }
    for folder in path { directory.makeDirectory(folder) }
    #expect(try remove("from") == .refused(.forbidden, .treeIsTooLarge))
    #expect(directory.read("from/a") == "aaa")
  }

  @Test("What a service that was killed has left of copies and removals is swept away by the next one")
  func swept() throws {
    let leftover = String(decoding: PartialName.unique("test"), as: UTF8.self)
    directory.makeDirectory("from/\(leftover)")
    try directory.write("left", to: "from/\(leftover)/file")
    UploadSweep.run(in: served)
    #expect(directory.mode("from/\(leftover)") == 0 && directory.read("from/a") == "aaa")
  }

  @Test("What another service copies or has set aside is not swept away while it lasts", arguments: [true, false])
  func held(isFolder: Bool) throws {
    let partial = PartialName.unique("test")
    let name = String(decoding: partial, as: UTF8.self)
    let folder = try served.openDirectory(.root)
    defer { close(folder) }
    func copyAndSweep() throws {
      var copy = FileCopy(area: area)
      if isFolder {
        let source = try #require(ResourcePath("from".utf8))
        try copy.copy(FolderWalk(source, named: partial, in: served, rules: .usual), into: folder, isDeep: true)
      } else {
        try copy.copy(served.open(try #require(ResourcePath("file".utf8))), as: partial, in: folder)
      }
      UploadSweep.run(in: served)
      #expect(directory.read(isFolder ? "\(name)/in/b" : name) == (isFolder ? "bb" : "f"))
      withExtendedLifetime(copy) {}
    }
    try copyAndSweep()
    UploadSweep.run(in: served)
    #expect(directory.mode(name) == 0)
  }

  @Test("What is held under one name is held under the next")
  func heldAside() throws {
    let name = String(decoding: PartialName.unique("aside"), as: UTF8.self)
    let folder = try served.openDirectory(.root)
    defer { close(folder) }
    let hold = PartialHold("from".utf8, in: folder)
    #expect(renameat(folder, "from", folder, name) == 0)
    UploadSweep.run(in: served)
    #expect(directory.read("\(name)/a") == "aaa")
    withExtendedLifetime(hold) {}
  }
}
