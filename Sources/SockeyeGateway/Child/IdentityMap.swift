/// Which users, or groups, of a user namespace are which of the namespace around it (user_namespaces(7)).
struct IdentityMap: Hashable {
  /// A run of numbers.
  struct Extent: Hashable {
    var inside: UInt32
    var outside: UInt32
    var count: UInt32
  }

  var extents: [Extent]

  /// The caller alone, who needs no privileges for it: as itself, or as root.
  static func own(_ number: UInt32, asRoot: Bool) -> IdentityMap {
    IdentityMap(extents: [Extent(inside: asRoot ? 0 : number, outside: number, count: 1)])
  }

  /// Everybody whom the caller's own namespace knows, as themselves; that takes a caller who may become any of them.
  ///
  /// - Parameter text: The caller's own map, as /proc has it.
  static func everybody(in text: String) -> IdentityMap {
    let extents = text.split(separator: "\n").compactMap { line -> Extent? in
      let fields = line.split(separator: " ").map { UInt32($0) }
      guard fields.count == 3, let first = fields[0], let count = fields[2] else { return nil }
      return Extent(inside: first, outside: first, count: count)
    }
    return IdentityMap(extents: extents)
  }

  /// The map as it is written into /proc.
  var text: String {
    extents.map { "\($0.inside) \($0.outside) \($0.count)\n" }.joined()
  }
}
