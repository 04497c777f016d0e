import NIOCore
import SockeyeText
import Testing

@testable import SockeyeService

/// What WebDAV's documents, fields and locks come to, without a connection.
@Suite("Service: WebDAV's values")
struct WebDAVValuesTests {
  // MARK: Documents

  @Test(
    "A question about properties is read whatever its prefixes are, and none at all asks for everything",
    arguments: [
      ("", LiveProperty.allCases.count, ""),
      ("<propfind xmlns='DAV:'><allprop/></propfind>", LiveProperty.allCases.count, ""),
      ("<D:propfind xmlns:D='DAV:'><D:prop><D:getetag/><D:getetag/></D:prop></D:propfind>", 1, ""),
      ("<a:propfind xmlns:a='DAV:'><b:prop xmlns:b='DAV:'><b:resourcetype/></b:prop></a:propfind>", 1, ""),
      (
        "<propfind xmlns='DAV:'><prop><R:x xmlns:R='urn:r'/><y xmlns=''/></prop></propfind>", 0,
        "<x:x xmlns:x=\"urn:r\"/><y xmlns=\"\"/>"
      ),
      (
        "<propfind xmlns='DAV:'><prop><x xmlns='&quot;&lt;'/></prop></propfind>", 0,
        "<x:x xmlns:x=\"&quot;&lt;\"/>"
      ),
    ]
  )
  func questions(body: String, live: Int, unknown: String) throws {
    let query = try PropertyQuery(Array(body.utf8))
    #expect(query.live.count == live && query.unknown == unknown && !query.isNamesOnly)
  }

  static let hostile = [
    "<", "<propfind/>", "<propfind xmlns='DAV:'/>", "<D:propfind><D:allprop/></D:propfind>",
    "<D:propfind xmlns:D='DAV:' xmlns:b=''><D:allprop/></D:propfind>",
    "<D:propfind xmlns:D='DAV:'><D:a:b/></D:propfind>", "<D:propfind xmlns:D='DAV:'><:a/></D:propfind>",
    "<!DOCTYPE propfind [<!ENTITY a 'aa'>]><propfind xmlns='DAV:'><prop><x>&a;</x></prop></propfind>",
    "<!DOCTYPE propfind SYSTEM 'file:///etc/passwd'><propfind xmlns='DAV:'><allprop/></propfind>",
    "<propfind xmlns='DAV:'>" + String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)
      + "<allprop/></propfind>",
    "<propfind xmlns='DAV:'><prop>" + String(repeating: "<a/>", count: 65) + "</prop></propfind>",
    "<propfind xmlns='DAV:'><prop><a xmlns='" + String(repeating: "n", count: 5000) + "'/></prop></propfind>",
    "<propfind xmlns='DAV:'><allprop/>", "<propfind xmlns='DAV:'><allprop/></propfind><x/>",
  ]

  @Test("A question that isn't well-formed, declares entities, or asks for too much is none", arguments: hostile)
  func malformed(body: String) {
    #expect(throws: XMLReader.Malformed.self) { try PropertyQuery(Array(body.utf8)) }
  }

  @Test(
    "An owner comes back as a link or as text, and never as markup",
    arguments: [
      ("<D:owner>me &lt;b&gt;</D:owner>", "me &lt;b&gt;"),
      ("<D:owner>\n <D:href>mailto:a@b</D:href>\n</D:owner>", "<D:href>mailto:a@b</D:href>"), ("", ""),
      ("<D:owner>" + String(repeating: "x", count: 9000) + "</D:owner>", String(repeating: "x", count: 512)),
    ]
  )
  func owners(element: String, owner: String) throws {
    let kinds = "<D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype>"
    let request = try LockRequest(Array("<D:lockinfo xmlns:D='DAV:'>\(kinds)\(element)</D:lockinfo>".utf8))
    #expect(request.owner == owner && request.isShared)
  }

  @Test(
    "A lock's time is what was asked for, and never longer than is given",
    arguments: [
      (nil, 600), ("Infinite", 600), ("Second-30", 30), ("Infinite, Second-5", 600), ("Second-4100000000", 600),
      ("Second-99999999999999999999", 600), ("Second--1", 600), ("x, Second-7", 7),
    ] as [(String?, Int64)]
  )
  func times(field: String?, seconds: Int64) { #expect(LockRequest.time(field) == .seconds(seconds)) }

  // MARK: Conditions

  @Test(
    "Conditions are read as section 10.4 of RFC 4918 has them",
    arguments: [
      ("(<a>)", 1, ["a"]), ("(<a>) (Not <b>)", 2, ["a", "b"]), ("</x> (<a> [\"e\"]) ([W/\"f\"])", 2, ["a"]),
      ("(Not<DAV:no-lock>)", 1, ["DAV:no-lock"]), ("</x>(<a>)</y>(<b>)", 2, ["a", "b"]),
    ] as [(String, Int, Set<String>)]
  )
  func conditions(field: String, lists: Int, tokens: Set<String>) throws {
    let conditions = try #require(LockConditions(field))
    #expect(conditions.lists.count == lists && conditions.tokens == tokens)
  }

  @Test(
    "What is no condition is none",
    arguments: [
      "", "()", "(", "(<a>", "(<a)", "<a>", "</x> </y> (<a>)", "(Not)", "(Not Not <a>)", "(a)", "x(<a>)", "([e)",
      String(repeating: "(<a>)", count: 65),
    ]
  )
  func noConditions(field: String) { #expect(LockConditions(field) == nil) }

  @Test("One list has to hold as a whole")
  func holding() throws {
    let states: [LockConditions.State] = [.token("held"), .tag("\"now\"")]
    let holds = { (field: String) in LockConditions(field)?.hold { state, _ in states.contains(state) } }
    #expect(holds("(<held> [\"now\"])") == true && holds("(<held> [\"then\"])") == false)
    #expect(holds("(<other>) (Not <other>)") == true && holds("(Not <held>)") == false)
  }

  // MARK: Locks

  private static func path(_ text: String) -> ResourcePath { ResourcePath(text.utf8) ?? .root }

  private static func lock(
    _ token: String,
    _ path: String,
    deep: Bool = true,
    shared: Bool = false,
    user: String? = nil
  ) -> Lock {
    Lock(
      token: token,
      path: self.path(path),
      isDeep: deep,
      isShared: shared,
      owner: "",
      user: user,
      madeFile: false,
      due: .uptimeNanoseconds(10)
    )
  }

  private static let before = NIODeadline.uptimeNanoseconds(5)

  @Test(
    "Locks that cover the same don't go together, unless they share",
    arguments: [
      (lock("b", "/x/y"), true), (lock("b", "/x"), true), (lock("b", "/"), true), (lock("b", "/", deep: false), false),
      (lock("b", "/xy"), false), (lock("b", "/x", shared: true), true),
    ]
  )
  func overlapping(other: Lock, conflicts: Bool) {
    let table = LockTable()
    #expect(table.add(Self.lock("a", "/x"), now: Self.before) == .added)
    #expect(table.add(other, now: Self.before) == (conflicts ? .conflict : .added))
    // Its time is over.
    #expect(table.add(other, now: .uptimeNanoseconds(10)) == .added)
  }

  @Test(
    "A lock keeps those out who don't name it, or aren't whose it is",
    arguments: [
      ("/x", false, [], nil, true), ("/x/y", false, [], nil, true), ("/x", false, ["a"], nil, false),
      ("/x/y/z", true, ["a"], nil, false), ("/x", false, ["a"], "ann", true), ("/", true, [], nil, true),
      ("/", false, [], nil, false), ("/z", true, [], nil, false), ("/shallow/new", false, [], nil, true),
      ("/shallow/new/deep", false, [], nil, false), ("/both", false, ["s"], nil, false),
      ("/both", false, [], nil, true),
    ] as [(String, Bool, Set<String>, String?, Bool)]
  )
  func obstruction(path: String, isTree: Bool, tokens: Set<String>, user: String?, isObstructed: Bool) {
    let table = LockTable()
    let locks = [
      Self.lock("a", "/x"), Self.lock("b", "/shallow", deep: false), Self.lock("s", "/both", shared: true),
      Self.lock("t", "/both", shared: true, user: "bob"),
    ]
    for lock in locks { #expect(table.add(lock, now: Self.before) == .added) }
    let writing = LockTable.Writing(path: Self.path(path), isTree: isTree, tokens: tokens, user: user)
    #expect(table.obstructs(writing, now: Self.before) == isObstructed)
    #expect(!table.obstructs(writing, now: .uptimeNanoseconds(10)))
  }

  @Test("There are no more locks than there may be, of one user and in all; those whose time is over don't count")
  func bounds() {
    let table = LockTable()
    for number in 0..<LockTable.mostOfOne {
      #expect(table.add(Self.lock("\(number)", "/\(number)"), now: Self.before) == .added)
    }
    #expect(table.add(Self.lock("x", "/x"), now: Self.before) == .full)
    for number in LockTable.mostOfOne..<LockTable.most {
      #expect(table.add(Self.lock("\(number)", "/\(number)", user: "\(number % 2)"), now: Self.before) == .added)
    }
    #expect(table.add(Self.lock("x", "/x", user: "new"), now: Self.before) == .full)
    #expect(table.add(Self.lock("x", "/x"), now: .uptimeNanoseconds(10)) == .added)
  }

  @Test("A lock is refreshed and given up by whose it is, and by nobody else")
  func owners() {
    let table = LockTable()
    _ = table.add(Self.lock("a", "/x", user: "ann"), now: Self.before)
    let later = NIODeadline.uptimeNanoseconds(20)
    #expect(table.refresh(["a"], of: Self.path("/x"), user: "bob", due: later, now: Self.before) == nil)
    #expect(table.refresh(["a"], of: Self.path("/y"), user: "ann", due: later, now: Self.before) == nil)
    #expect(table.refresh(["a"], of: Self.path("/x/y"), user: "ann", due: later, now: Self.before)?.due == later)
    #expect(!table.remove("a", of: Self.path("/x"), user: nil) && !table.remove("b", of: Self.path("/x"), user: "ann"))
    #expect(table.remove("a", of: Self.path("/x"), user: "ann") && !table.remove("a", of: Self.path("/x"), user: "ann"))
  }
}
