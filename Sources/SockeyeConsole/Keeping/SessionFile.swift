internal import SockeyeText
internal import SockeyeTransport

/// A file of sessions, and of what a page kept: `{"sessions":[{"id":"s1","settings":{…}},…],"state":…}`. Whoever writes one by hand
/// leaves ids out, and puts settings in the place of a session: `{"sessions":[{"protocol":"tcp-server",…},…]}`.
struct SessionFile {
  /// A session of the file.
  struct Entry: Sendable {
    /// What it was called by; nothing where it gets the next number.
    let id: Int?
    let settings: SessionSettings
  }

  let entries: [Entry]
  let state: JSONValue

  /// How many sessions it may have.
  private static let most = 256
  /// The largest number of a session: what would come behind it has to have a number, too.
  private static let largestID = 1_000_000_000
  /// Its settings lie deeper in it than in the requests that they came by.
  private static let greatestDepth = JSONReader.greatestDepth + 4

  /// Reads a file.
  ///
  /// - Parameter bytes: The file; its length bounds how many values it has.
  /// - Throws: A failure of kind `localFile` that says what is wrong with it.
  init(_ bytes: [UInt8]) throws(Failure) {
    do throws(ConsoleError) {
      guard let object = try Self.read(bytes).object else { throw ConsoleError(.usage, .sessionFileIsNoObject) }
      var members = Members(object)
      let sessions = try members.array("sessions", atMost: Self.most) ?? []
      state = members.value("state") ?? .null
      try members.finish()
      var entries: [Entry] = []
      var ids: Set<Int> = []
      for session in sessions {
        let entry = try Self.entry(session)
        if let id = entry.id, !ids.insert(id).inserted { throw ConsoleError(.usage, .sameSession("s\(id)")) }
        entries.append(entry)
      }
      self.entries = entries
    } catch {
      throw Failure(.localFile, .badSessionFile(error.phrase))
    }
  }

  private static func entry(_ json: JSONValue) throws(ConsoleError) -> Entry {
    guard let object = json.object else { throw ConsoleError(.usage, .memberTakes("sessions", .list(most))) }
    guard object["settings"] != nil else { return Entry(id: nil, settings: try SessionSettings(object)) }
    var members = Members(object)
    let settings = try SessionSettings(try members.requiredObject("settings"))
    let id = try members.string("id").map { text throws(ConsoleError) in try number(text) }
    try members.finish()
    return Entry(id: id, settings: settings)
  }

  private static func number(_ id: String) throws(ConsoleError) -> Int {
    guard id.hasPrefix("s"), let number = Int(id.dropFirst()), (1...largestID).contains(number), id == "s\(number)"
    else {
      throw ConsoleError(.usage, .badSessionID(VisibleText.of(String(id.prefix(40)))))
    }
    return number
  }

  private static func read(_ bytes: [UInt8]) throws(ConsoleError) -> JSONValue {
    do { return try JSONReader.read(bytes, depth: greatestDepth, values: .max) } catch { throw ConsoleError(error) }
  }

  /// A file of sessions, as text.
  static func text(_ sessions: [ConsoleSession], _ state: JSONValue) -> String {
    let entries = sessions.map { session in
      JSONValue.object(["id": .string(session.id), "settings": .object(session.settingsInForce)]).text
    }
    return "{\"sessions\":[\n\(entries.joined(separator: ",\n"))\n],\n\"state\":\(state.text)}\n"
  }
}
