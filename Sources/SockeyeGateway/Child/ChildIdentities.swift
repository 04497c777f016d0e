internal import Glibc

/// Who is who in the child's user namespace.
enum ChildIdentities {
  /// Whether the caller may map everybody, and not itself alone.
  private static var mapsEverybody: Bool { geteuid() == 0 }

  /// The groups that there are inside, the first and the last, as far as those who map can say before they have.
  static func groups(isRoot: Bool) -> ClosedRange<UInt32> {
    if mapsEverybody { return 0...UInt32(Int32.max) }
    let own = isRoot ? 0 : getegid()
    return own...own
  }

  /// Writes the maps of the namespace that a process has begun. A caller who is root, and may, maps everybody, so that a
  /// command can become others; anybody else maps itself, for which groups can't be changed inside.
  static func map(_ process: pid_t, isRoot: Bool) throws(ChildError) {
    let users = IdentityMap.own(geteuid(), asRoot: isRoot)
    guard mapEverybody("uid_map", of: process) || write(users.text, to: "uid_map", of: process) else {
      throw ChildError(.identities, number: errno)
    }
    let groups = IdentityMap.own(getegid(), asRoot: isRoot)
    guard
      mapEverybody("gid_map", of: process) || keepGroups(of: process) && write(groups.text, to: "gid_map", of: process)
    else { throw ChildError(.identities, number: errno) }
  }

  private static func mapEverybody(_ map: String, of process: pid_t) -> Bool {
    guard mapsEverybody, let own = ProcessFile.text("/proc/self/\(map)") else { return false }
    return write(IdentityMap.everybody(in: own).text, to: map, of: process)
  }

  /// Before Linux 3.19 there is no such file, and no need for it.
  private static func keepGroups(of process: pid_t) -> Bool {
    write("deny", to: "setgroups", of: process) || errno == ENOENT
  }

  private static func write(_ text: String, to file: String, of process: pid_t) -> Bool {
    ProcessFile.write(text, to: "/proc/\(process)/\(file)")
  }
}
