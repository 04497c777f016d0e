internal import CSockeyeConfinement
internal import Glibc
public import SockeyeText

/// What a process may still do once it has confined itself (Landlock): read and write beneath some folders, listen on some
/// ports, and neither run programs nor connect to anybody.
///
/// The served directory is walked beneath its descriptor anyway, whatever a name says; this holds also where the service has
/// a fault.
public struct Confinement: Sendable {
  /// Files and folders that may be read, with everything in them.
  public var readable: Set<String> = []
  /// Folders in which files and folders may be made, changed and removed, too.
  public var writable: Set<String> = []
  /// TCP ports that may be listened on; 0 for whichever the system gives.
  public var ports: Set<UInt16> = []

  /// What came of it.
  public enum Outcome: Sendable {
    /// It holds; ports only where the kernel knows of them.
    case confined(ports: Bool)
    /// The kernel can't, or something stands in the way.
    case unconfined(Phrase)
  }

  /// A process that may do nothing yet.
  public init() {}

  private static let reading = SOCKEYE_LANDLOCK_READ_FILE | SOCKEYE_LANDLOCK_READ_DIR
  private static let writing =
    reading | SOCKEYE_LANDLOCK_WRITE_FILE | SOCKEYE_LANDLOCK_REMOVE_DIR | SOCKEYE_LANDLOCK_REMOVE_FILE
    | SOCKEYE_LANDLOCK_MAKE_DIR | SOCKEYE_LANDLOCK_MAKE_REG | SOCKEYE_LANDLOCK_MAKE_SOCK

  /// Confines the process for good. It has to have no thread but this one: those that are there already would stay free.
  public func apply() -> Outcome {
    let version = sockeye_landlock_version()
    guard version > 0 else { return .unconfined(.system(-version)) }
    guard Self.isSingleThreaded else { return .unconfined(ServiceSentence.threadsThere.phrase) }
    var files = SOCKEYE_LANDLOCK_ALL_OF_1
    if version >= 2 { files |= SOCKEYE_LANDLOCK_REFER }
    if version >= 3 { files |= SOCKEYE_LANDLOCK_TRUNCATE }
    let knowsPorts = version >= 4
    let network = knowsPorts ? SOCKEYE_LANDLOCK_BIND_TCP | SOCKEYE_LANDLOCK_CONNECT_TCP : 0
    let rules = sockeye_landlock_create(files, network)
    guard rules >= 0 else { return .unconfined(.system(-rules)) }
    defer { close(rules) }
    for path in readable { Self.allow(Self.reading, on: path, rules) }
    let changes = Self.writing | (files & (SOCKEYE_LANDLOCK_REFER | SOCKEYE_LANDLOCK_TRUNCATE))
    for path in writable { Self.allow(changes, on: path, rules) }
    if knowsPorts { for port in ports { _ = sockeye_landlock_allow_port(rules, port, SOCKEYE_LANDLOCK_BIND_TCP) } }
    let problem = sockeye_landlock_restrict(rules)
    return problem == 0 ? .confined(ports: knowsPorts) : .unconfined(.system(-problem))
  }

  /// What isn't there needs no rule.
  private static func allow(_ rights: UInt64, on path: String, _ rules: CInt) {
    let place = ArgumentFile.open(path, Self.pathOnly)
    guard place >= 0 else { return }
    defer { close(place) }
    var status = stat()
    let isFolder = fstat(place, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    // A file has no rights that are about what is in a folder.
    let ofFiles = SOCKEYE_LANDLOCK_READ_FILE | SOCKEYE_LANDLOCK_WRITE_FILE | SOCKEYE_LANDLOCK_TRUNCATE
    _ = sockeye_landlock_allow_beneath(rules, place, isFolder ? rights : rights & ofFiles)
  }

  /// `O_PATH`: the file itself is not opened.
  private static let pathOnly: CInt = 0o10000000

  private static var isSingleThreaded: Bool {
    guard let tasks = opendir("/proc/self/task") else { return false }
    defer { closedir(tasks) }
    var count = 0
    while let entry = readdir(tasks) {
      if entry.pointee.d_name.0 != CChar(bitPattern: UInt8(ascii: ".")) { count += 1 }
    }
    return count == 1
  }
}
