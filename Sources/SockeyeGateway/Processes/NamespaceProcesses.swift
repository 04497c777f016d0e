internal import Glibc

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
    namespace = Self.link("/proc/\(initProcess)/ns/pid") ?? ""
  }

  /// The process that has a socket, and its command's name; nil where there is none, or this one may not look.
  mutating func owner(ofSocket inode: UInt32) -> (process: Int32, command: String)? {
    let target = "socket:[\(inode)]"
    guard let process = recent.first(where: { Self.has($0, target) }) ?? search(for: target) else { return nil }
    recent = [process] + recent.filter { $0 != process }.prefix(Self.mostRecent - 1)
    guard let command = Self.firstLine(of: "/proc/\(process)/comm") else { return nil }
    return (process, command)
  }

  private func search(for target: String) -> Int32? {
    Self.entries("/proc").lazy.compactMap { Int32($0) }.first {
      !namespace.isEmpty && Self.link("/proc/\($0)/ns/pid") == namespace && Self.has($0, target)
    }
  }

  private static func has(_ process: Int32, _ target: String) -> Bool {
    let folder = "/proc/\(process)/fd"
    return entries(folder).contains { link("\(folder)/\($0)") == target }
  }

  private static func link(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 64)
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func firstLine(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  private static func entries(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.utf8.first != UInt8(ascii: ".") { names.append(name) }
    }
    return names
  }
}
