import Glibc

/// The process that listens on a port of this machine, as `/proc` tells it.
struct PortOwner {
  let name: String
  let processIdentifier: Int

  /// Finds who listens on a TCP port, or has bound it for UDP.
  ///
  /// Processes of other users stay hidden from all but root.
  static func find(port: UInt16) -> PortOwner? {
    var inodes: Set<String> = []
    for table in ["tcp", "tcp6", "udp", "udp6"] {
      inodes.formUnion(self.inodes(in: self.read("/proc/net/\(table)"), port: port))
    }
    guard !inodes.isEmpty else { return nil }
    for process in entries("/proc") {
      guard let identifier = Int(process) else { continue }
      for descriptor in entries("/proc/\(process)/fd") {
        let target = self.link("/proc/\(process)/fd/\(descriptor)")
        guard target.hasPrefix("socket:["), inodes.contains(String(target.dropFirst(8).dropLast())) else { continue }
        let name = self.read("/proc/\(process)/comm").prefix { $0 != "\n" }
        return PortOwner(name: String(name), processIdentifier: identifier)
      }
    }
    return nil
  }

  /// The inodes of the sockets that a table of `/proc/net` shows listening (state 0A), or bound without a peer (07), on a port.
  static func inodes(in table: String, port: UInt16) -> Set<String> {
    let hexadecimal = String(port, radix: 16, uppercase: true)
    let suffix = ":" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
    var found: Set<String> = []
    for line in table.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: " ")
      guard fields.count > 9, fields[1].hasSuffix(suffix), ["0A", "07"].contains(fields[3]) else { continue }
      found.insert(String(fields[9]))
    }
    return found
  }

  private static func read(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      guard count > 0 else { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func link(_ path: String) -> String {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = bytes.withUnsafeMutableBytes { buffer in
      buffer.withMemoryRebound(to: CChar.self) { text in
        text.baseAddress.map { readlink(path, $0, text.count) } ?? 0
      }
    }
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : ""
  }

  private static func entries(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      names.append(name)
    }
    return names
  }
}
