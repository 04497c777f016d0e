import Glibc
package import NIOCore
import SockeyeText

/// The names of Unix domain sockets: a path, or a name without a file, which begins with a NUL (unix(7)).
extension SocketAddress {
  /// Where `sun_path` stands in `sockaddr_un`, behind `sun_family`.
  private static let start = MemoryLayout<sa_family_t>.size

  /// The address of a Unix domain socket whose path is bytes (see `ArgumentText`), at most 107 of them.
  ///
  /// - Throws: A failure of kind `usage` when the path is too long.
  static func unix(path: String) throws(Failure) -> SocketAddress {
    try unix(name: ArgumentText.bytes(of: path), text: path)
  }

  /// The address of a Unix domain socket whose name is in no file system, at most 107 bytes long.
  ///
  /// - Throws: A failure of kind `usage` when the name is too long.
  static func abstract(name: String) throws(Failure) -> SocketAddress {
    try unix(name: [0] + ArgumentText.bytes(of: name), text: "@" + name)
  }

  private static func unix(name: [UInt8], text: String) throws(Failure) -> SocketAddress {
    let isAbstract = name.first == 0
    // sun_path has 108 bytes, the final NUL of a path included.
    guard (isAbstract ? 2...108 : 1...107).contains(name.count) else {
      throw Failure(.usage, .socketPathTooLong(text))
    }
    var address = sockaddr_un()
    withUnsafeMutableBytes(of: &address) { space in
      space.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
      UnsafeMutableRawBufferPointer(rebasing: space[start...]).copyBytes(from: name)
    }
    return SocketAddress(address)
  }

  /// The bytes of a Unix domain socket's name: a path, or a NUL and what follows; none for one without a name, and for other
  /// addresses.
  ///
  /// A name without a file may end in NULs; they are lost, since nothing here knows the length that it came with.
  package var unixName: [UInt8] {
    guard case .unixDomainSocket = self else { return [] }
    return withSockAddr { pointer, size in
      let path = UnsafeRawBufferPointer(start: pointer, count: size).dropFirst(Self.start)
      guard path.first == 0 else { return Array(path.prefix { $0 != 0 }) }
      return path.lastIndex { $0 != 0 }.map { Array(path[...$0]) } ?? []
    }
  }

  /// Whether it is the address of a Unix domain socket whose name is in no file system.
  var isAbstract: Bool { unixName.first == 0 }

  /// Gives the address to a system call with the length that its name really has: for a name without a file, the NULs behind it
  /// would belong to it.
  func withSocketName<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    let name = unixName
    return withSockAddr { pointer, size in
      guard case .unixDomainSocket = self, name.first == 0 || name.isEmpty else {
        return body(pointer, socklen_t(size))
      }
      return body(pointer, socklen_t(Self.start + name.count))
    }
  }
}
