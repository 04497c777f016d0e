import Glibc
import NIOCore

extension Transport {
  /// Accepts streams on sockets that another program has opened and handed over.
  ///
  /// - Parameters:
  ///   - descriptors: Listening stream sockets. They belong to the listener from now on.
  ///   - options: How to accept. Where to listen is decided already.
  ///   - initializer: Adds handlers to each accepted channel.
  /// - Throws: A failure of kind `usage` for a descriptor that is no such socket, or on a transport without descriptors.
  public func listen(
    onInherited descriptors: [CInt],
    options: ListenOptions = ListenOptions(),
    initializer: @escaping Initializer
  ) async throws(Failure) -> Listener {
    var channels: [any Channel] = []
    do {
      for descriptor in descriptors {
        let channel = try await inherit(descriptor, options: options, initializer: initializer)
        channels.append(channel)
      }
    } catch {
      for channel in channels { try? await channel.close() }
      throw (error as? Failure) ?? Failure(.usage, .cannotInherit("\(descriptors)", "\(error)"))
    }
    return Listener(channels: channels)
  }

  /// The listening sockets that a service manager passes by `LISTEN_PID` and `LISTEN_FDS`: sd_listen_fds(3).
  ///
  /// - Returns: Their descriptors; none when the variables are absent or meant for another process.
  public static var inheritedDescriptors: [CInt] {
    guard let process = getenv("LISTEN_PID").flatMap({ Int32(String(cString: $0)) }), process == getpid(),
      let count = getenv("LISTEN_FDS").flatMap({ UInt8(String(cString: $0)) }), count > 0
    else { return [] }
    let first: CInt = 3
    return (0..<CInt(count)).map { index in
      // Programs that this one starts are not meant to have them.
      _ = fcntl(first + index, F_SETFD, FD_CLOEXEC)
      return first + index
    }
  }
}
