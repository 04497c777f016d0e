import Glibc
import SockeyeSight
import SockeyeText
import SockeyeTransport

/// Finds a scenario by its name, or in a file.
enum ScenarioInput {
  /// A name with a dot or a slash is a file's: scenarios of our own have neither.
  static func scenario(_ name: String) throws(Failure) -> Scenario {
    if let scenario = Scenario.named(name) { return scenario }
    guard name.contains(".") || name.contains("/") else {
      throw Failure(.usage, .noScenario(name))
    }
    let text = try read(name)
    do throws(ScenarioFileError) {
      return try ScenarioFile.parse(text, name: VisibleText.of(name))
    } catch {
      throw Failure(.localFile, .of(VisibleText.of(name), error.phrase))
    }
  }

  private static func read(_ path: String) throws(Failure) -> String {
    let descriptor = ArgumentFile.open(path, O_RDONLY)
    guard descriptor >= 0 else { throw Failure(.localFile, .cannotRead(path, .system(errno))) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: ScenarioFile.largestSize + 1)
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { bytes in
        Glibc.read(descriptor, bytes.baseAddress.map { $0 + filled }, bytes.count - filled)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Failure(.localFile, .cannotRead(path, .system(errno))) }
      if count == 0 { break }
      filled += count
    }
    return String(decoding: bytes[..<filled], as: UTF8.self)
  }
}
