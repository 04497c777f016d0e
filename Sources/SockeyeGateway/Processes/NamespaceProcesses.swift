internal import SockeyeTransport

/// The processes of a namespace, and whose a socket is, as /proc tells it.
///
/// Looking through all takes milliseconds; whoever had a socket of late is looked at first.
struct NamespaceProcesses {
  /// The link's text that names the namespace.
  private let namespace: String
  /// Who had a socket of late, the last one first.
  private var recent: [Int32] = []

  private static let mostRecent = 8

  /// The processes in the namespace of the children of a process, which is another one's init.
  init(of initProcess: Int32) {
    namespace = ProcessFiles.link("/proc/\(initProcess)/ns/pid")
  }

  /// The process that has a socket, and its command's name; nil where there is none, or this one may not look.
  mutating func owner(ofSocket inode: UInt32) -> (process: Int32, command: String)? {
    let target = "socket:[\(inode)]"
    guard let process = recent.first(where: { Self.has($0, target) }) ?? search(for: target) else { return nil }
    recent = [process] + recent.filter { $0 != process }.prefix(Self.mostRecent - 1)
    let command = ProcessFiles.firstLine(of: "/proc/\(process)/comm")
    return command.isEmpty ? nil : (process, command)
  }

  private func search(for target: String) -> Int32? {
    ProcessFiles.entries("/proc").lazy.compactMap { Int32($0) }.first {
      !namespace.isEmpty && ProcessFiles.link("/proc/\($0)/ns/pid") == namespace && Self.has($0, target)
    }
  }

  private static func has(_ process: Int32, _ target: String) -> Bool {
    let folder = "/proc/\(process)/fd"
    return ProcessFiles.entries(folder).contains { ProcessFiles.link("\(folder)/\($0)") == target }
  }
}
