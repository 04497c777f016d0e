import NIOHTTP1
import SockeyeText
import Testing

@testable import SockeyeService

@Suite("Service: rights by user and path")
struct ServiceRightsTests {
  @Test(
    "The rule of the deepest folder counts, and no other",
    arguments: [
      ("read", "/a/b", "read"), ("read /inbox=add", "/inbox", "add"),
      ("read /inbox=add", "/inbox/x/y", "add"),
      ("read /inbox=add", "/inbox2", "read"), ("/a=all /a/b=none", "/a/b/c", "none"),
      ("/a=all", "/", "none"),
      ("/a/b=read all", "/a", "all"),
      ("/with%20space=change,delete", "/with space/x", "change,delete"),
      ("  read\t/x=none ", "/x", "none"),
    ]
  )
  func deepest(text: String, path: String, rights: String) throws {
    let rules = try #require(AccessRules(text[...]))
    #expect(try rules.rights(for: #require(ResourcePath(path.utf8))) == AccessRights(rights[...]))
  }

  @Test(
    "What is no rule makes the line one that is refused",
    arguments: [
      "", " ", "write", "read,", "Read", "x=read", "/x=", "/x=read /x/=add", "read all",
      "/%zz=read", "/a%00=read",
    ]
  )
  func malformed(text: String) {
    #expect(AccessRules(text[...]) == nil)
    #expect(throws: (any Error).self) {
      try PasswordFile("\(Self.line("u")):\(text)", name: "users")
    }
  }

  // MARK: Requests

  private static func line(_ user: String) -> String {
    // Whatever the password is, no test asks for it: the rules are given to the request.
    "\(user):pbkdf2-sha256$1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
  }

  private func served(
    _ rules: String,
    _ existing: FileServiceConfiguration.Uploads.ExistingFile = .fail
  ) throws -> ServedLoop {
    let password = try PasswordFile.line(user: "u", password: "p", iterations: 1)
    let served = try ServedLoop {
      $0.passwords = try? PasswordFile("\(password):\(rules)", name: "users")
      $0.uploads = .init(existing: existing)
    }
    for folder in ["open", "inbox", "secret", "secret/shown"] {
      served.directory.makeDirectory(folder)
    }
    for file in ["open/a", "inbox/b", "secret/c", "secret/shown/d"] {
      try served.directory.write("old", to: file)
    }
    return served
  }

  /// Asks as the user.
  private func ask(_ served: ServedLoop, _ request: String, fields: String = "") throws -> String {
    let field = "Basic dTpw"
    // Its password is known to be right: no thread has to find out.
    let authority = try #require(served.worker.shared.authority)
    authority.remember("u", by: authority.mark(of: field))
    return try served.connect().send(
      "\(request) HTTP/1.1\r\nHost: x\r\nAuthorization: \(field)\r\n\(fields)\r\n"
    )
  }

  private static let rules = "read /inbox=add /secret=none /secret/shown=read /open=all"

  @Test(
    "What may not be read is refused, whether it is there or not",
    arguments: [
      ("GET /a", "200"), ("GET /inbox/b", "403"), ("GET /inbox/none", "403"),
      ("GET /secret/c", "403"),
      ("GET /secret/", "403"), ("GET /secret/shown/d", "200"), ("GET /secret//shown/../c", "404"),
      ("GET /%73ecret/c", "403"),
      ("GET //secret/c", "403"), ("GET /secret/./c", "403"),
      ("HEAD /inbox/b", "404"),
      ("HEAD /secret/c", "403"), ("GET /secret/c?hash=sha256", "403"),
    ] as [(String, Substring)]
  )
  func reading(request: String, status: Substring) throws {
    #expect(try ask(served(Self.rules), request).statuses.first == status)
  }

  @Test("A listing and an archive have what may be read, and the way to it")
  func listings() throws {
    let served = try served(Self.rules)
    let rules = try #require(AccessRules(Self.rules[...]))
    let reader = try FolderReader(.root, in: served.worker.shared.directory, rules: rules)
    var names: Set<String> = []
    while let entry = reader.next() { names.insert(entry.text) }
    #expect(names == ["a", "b", "inbox", "open", "secret"])
    let hidden = try #require(AccessRules("read /secret=none /inbox=none"))
    let other = try FolderReader(.root, in: served.worker.shared.directory, rules: hidden)
    names = []
    while let entry = other.next() { names.insert(entry.text) }
    #expect(names == ["a", "b", "open"])
    let walk = try FolderWalk(
      .root,
      named: Array("x".utf8),
      in: served.worker.shared.directory,
      rules: rules
    )
    names = []
    while let item = walk.next() {
      if case .file(_, let relative) = item {
        names.insert(String(decoding: relative, as: UTF8.self))
      }
    }
    #expect(names == ["x/a", "x/b", "x/open/a", "x/secret/shown/d"])
  }

  @Test(
    "Files are put, replaced and removed where the user may, and nowhere else",
    arguments: [
      ("PUT /new", "403"), ("PUT /inbox/new", "100"), ("PUT /inbox/b", "409"),
      ("PUT /open/a", "100"), ("PUT /secret/x", "403"),
      ("MKCOL /inbox/folder", "201"), ("MKCOL /folder", "403"), ("MKCOL /inbox", "405"),
      ("MKCOL /inbox/x/y", "409"),
      ("MKCOL /open/.hidden", "403"), ("MKCOL /", "405"), ("DELETE /open/a", "204"),
      ("DELETE /a", "403"),
      ("DELETE /inbox/b", "403"), ("DELETE /open/none", "404"), ("DELETE /open/../a", "403"),
      ("DELETE /open", "409"),
      ("DELETE /open/a/", "404"), ("DELETE /", "403"), ("DELETE /secret", "403"),
    ] as [(String, Substring)]
  )
  func writing(request: String, status: Substring) throws {
    let served = try served(Self.rules, .overwrite)
    let body = request.hasPrefix("PUT") ? "Content-Length: 3\r\nExpect: 100-continue\r\n" : ""
    let answer = try ask(served, request, fields: body).statuses.first
    // A file that may be put can be held for a moment by the sweep of what an earlier service left.
    #expect(answer == status || (status == "100" && answer == "423"))
    #expect(served.directory.read("open/a") == (request == "DELETE /open/a" ? nil : "old"))
    #expect(served.directory.read("a") == "hello\n" && served.directory.read("inbox/b") == "old")
  }

  @Test("Nobody removes anything where nobody has to say who he is")
  func anonymousRemoval() throws {
    let served = try ServedLoop { $0.uploads = .init(existing: .overwrite) }
    #expect(try served.connect().send("DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n").statuses == ["405"])
    #expect(served.directory.read("a") == "hello\n")
  }

  @Test("A folder in which something may not be removed is not removed either")
  func protectedFolders() throws {
    let rules = try #require(AccessRules("all /a/b=read"))
    #expect(try !rules.grant(.delete, throughout: #require(ResourcePath("a".utf8))))
    #expect(try !rules.grant(.delete, throughout: #require(ResourcePath("a/b/c".utf8))))
    #expect(try rules.grant(.delete, throughout: #require(ResourcePath("a/bc".utf8))))
    #expect(try rules.grant(.delete, throughout: #require(ResourcePath("b".utf8))))
  }

  // MARK: Names that are taken

  private func place(
    _ served: ServedLoop,
    _ existing: UploadPlace.Existing,
    body: String = "new"
  ) throws -> UploadPlace.Publication {
    let path = try #require(ResourcePath("a".utf8))
    let place = try UploadPlace(
      path,
      first: 0,
      needed: 3,
      existing: existing,
      in: served.worker.shared.directory
    )
    defer { place.close() }
    #expect(
      body.utf8CString.withUnsafeBytes {
        place.write(UnsafeRawBufferPointer(rebasing: $0.dropLast()), at: 0)
      } == 0
    )
    return place.publish()
  }

  @Test("A name that is taken is refused, replaced in one step, or followed by a number")
  func takenNames() throws {
    let served = try ServedLoop()
    #expect(throws: UploadPlace.Refusal.status(.conflict)) { try place(served, .init(rule: .fail)) }
    #expect(try place(served, .init(rule: .overwrite)) == .published(name: Array("a".utf8)))
    #expect(served.directory.read("a") == "new")
    #expect(try place(served, .init(rule: .rename)) == .published(name: Array("a.1".utf8)))
    #expect(try place(served, .init(rule: .rename)) == .published(name: Array("a.2".utf8)))
    #expect(served.directory.names == ["a", "a.1", "a.2", "b"])
  }

  @Test("Nothing but a file is replaced, and a link is not followed")
  func replacedKinds() throws {
    let served = try ServedLoop()
    served.directory.makeDirectory("c")
    served.directory.link("d", to: "b")
    served.directory.makeFIFO("e")
    for name in ["c", "d", "e"] {
      let path = try #require(ResourcePath(name.utf8))
      #expect(throws: UploadPlace.Refusal.status(.conflict)) {
        try UploadPlace(
          path,
          first: 0,
          needed: 0,
          existing: .init(rule: .overwrite),
          in: served.worker.shared.directory
        )
      }
    }
  }

  @Test(
    "A version is replaced by who knows it, and only if there is one (RFC 9110, section 13.1.1)"
  )
  func versions() throws {
    let served = try ServedLoop()
    let path = try #require(ResourcePath("a".utf8))
    let tag = EntityTag.text(try served.worker.shared.directory.metadata(of: path))
    for (existing, isMet) in [
      (UploadPlace.Existing(rule: .overwrite, ifMatch: "\"x\""), false),
      (.init(rule: .overwrite, ifMatch: "W/\(tag)"), false),
      (.init(rule: .overwrite, ifNoneMatch: "*"), false),
      (.init(rule: .overwrite, ifNoneMatch: tag), false),
      (.init(rule: .rename, ifNoneMatch: "*"), false),
      (.init(rule: .overwrite, ifMatch: "\"x\", \(tag)"), true),
    ] as [(UploadPlace.Existing, Bool)] {
      if isMet {
        #expect(try place(served, existing).isDone)
      } else {
        #expect(throws: UploadPlace.Refusal.status(.preconditionFailed)) {
          try place(served, existing)
        }
      }
    }
    // What it knew is gone with the version that it replaced.
    #expect(throws: UploadPlace.Refusal.status(.preconditionFailed)) {
      try place(served, .init(rule: .overwrite, ifMatch: tag))
    }
  }

  @Test("What was written to meanwhile is not replaced")
  func changedMeanwhile() throws {
    let served = try ServedLoop()
    let path = try #require(ResourcePath("a".utf8))
    let tag = EntityTag.text(try served.worker.shared.directory.metadata(of: path))
    let existing = UploadPlace.Existing(rule: .overwrite, ifMatch: tag)
    let place = try UploadPlace(
      path,
      first: 0,
      needed: 0,
      existing: existing,
      in: served.worker.shared.directory
    )
    defer { place.close() }
    try served.directory.write("somebody else's", to: "a")
    #expect(place.publish() == .changed && served.directory.read("a") == "somebody else's")
  }

  @Test("What does not have the digest that was announced never gets the name")
  func digests() throws {
    let served = try ServedLoop()
    let path = try #require(ResourcePath("c".utf8))
    let place = try UploadPlace(path, first: 0, needed: 0, in: served.worker.shared.directory)
    defer { place.close() }
    #expect(
      place.publish(requiring: FileDigest(bytes: Array(repeating: 0, count: 32))) == .otherDigest
    )
    #expect(served.directory.read("c") == nil)
    let empty = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    var fields = RequestFields(["Repr-Digest": "sha-512=:AA==:, \(empty);x=1"])
    #expect(try place.publish(requiring: fields.announcedDigest).isDone)
    fields.reprDigest = "sha-256=AA"
    #expect(throws: ReprDigest.Malformed.self) { try fields.announcedDigest }
  }
}
