import Glibc
import SockeyeText
import SockeyeTransport

/// A command run by the shell, with pipes to its standard input and output.
struct ChildProcess {
  let identifier: pid_t
  /// Where its input is written.
  let input: CInt
  /// Where its output is read.
  let output: CInt

  static func start(_ command: String, environment extra: [String: String]) throws(Failure) -> ChildProcess {
    let input = try pipe()
    let output: (read: CInt, write: CInt)
    do {
      output = try pipe()
    } catch {
      close(input.read)
      close(input.write)
      throw error
    }
    defer {
      close(input.read)
      close(output.write)
    }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input.read, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO)

    // The event loop ignores SIGPIPE and may block others; a command begins with the usual ones.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var process: pid_t = 0
    let status = withCStrings(["/bin/sh", "-c", command]) { arguments in
      withCStrings(self.environment(with: extra)) { environment in
        posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environment)
      }
    }
    guard status == 0 else {
      close(input.write)
      close(output.read)
      throw Failure(.other, .cannotStart(command, .system(status)))
    }
    return ChildProcess(identifier: process, input: input.write, output: output.read)
  }

  private static func pipe() throws(Failure) -> (read: CInt, write: CInt) {
    var ends: [CInt] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else {
      throw Failure(.other, .noPipe(.system(errno)))
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  /// What this process has, and some variables that come before those of the same name: whoever started us may have been
  /// started for a peer itself.
  private static func environment(with extra: [String: String]) -> [String] {
    var result = extra.map { "\($0.key)=\($0.value)" }
    var next = environ
    while let entry = next.pointee {
      let variable = String(cString: entry)
      if extra[String(variable.prefix { $0 != "=" })] == nil { result.append(variable) }
      next += 1
    }
    return result
  }

  private static func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeBufferPointer { buffer in
      // The array ends with nil, so it is never empty.
      withExtendedLifetime(copies) { body(buffer.baseAddress.unsafelyUnwrapped) }
    }
  }
}
