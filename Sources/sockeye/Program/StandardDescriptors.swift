import Glibc

/// Standard input, output and error, as this program finds and leaves them.
enum StandardDescriptors {
  /// Opens those that the caller closed, so that no file or socket of our own takes the place of one and is read, or
  /// written to, as if it were it. What is opened fails to read, or to write, as a closed descriptor does.
  static func open() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free descriptor is the one that is missing.
      _ = Glibc.open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Leaves input and output to another program that has them: who is at their other ends sees when it has closed them.
  static func leave() {
    let nothing = Glibc.open("/dev/null", O_RDWR | O_CLOEXEC)
    guard nothing >= 0 else { return }
    dup2(nothing, STDIN_FILENO)
    dup2(nothing, STDOUT_FILENO)
    close(nothing)
  }
}
