internal import SockeyeText
internal import SockeyeTransport

/// A file of sessions: `{"sessions":[{"protocol":"tcp-server",…},…]}`.
enum SessionFile {
  /// How many sessions it may have.
  private static let most = 256

  /// Reads a file.
  ///
  /// - Throws: A failure of kind `localFile` that says what is wrong with it.
  static func settings(_ bytes: [UInt8]) throws(Failure) -> [SessionSettings] {
    do throws(ConsoleError) {
      guard let object = try read(bytes).object else { throw ConsoleError(.usage, .requestIsNoObject) }
      var members = Members(object)
      let sessions = try members.array("sessions", atMost: most) ?? []
      _ = members.value("state")
      try members.finish()
      var result: [SessionSettings] = []
      for session in sessions {
        guard let json = session.object else { throw ConsoleError(.usage, .memberTakes("sessions", .list(most))) }
        result.append(try SessionSettings(json))
      }
      return result
    } catch {
      throw Failure(.localFile, .badSessionFile(error.phrase))
    }
  }

  private static func read(_ bytes: [UInt8]) throws(ConsoleError) -> JSONValue {
    do { return try JSONReader.read(bytes) } catch { throw ConsoleError(error) }
  }
}
