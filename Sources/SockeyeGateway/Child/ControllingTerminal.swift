internal import CSockeyeLinux
internal import Glibc

/// The terminal whose keys send signals, and which lets one process group at a time read.
struct ControllingTerminal {
  let descriptor: Int32

  /// The terminal of this process's session; nil if that has none.
  init?() {
    descriptor = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
  }

  /// Whether this process's group is the one that reads.
  var isOurs: Bool { tcgetpgrp(descriptor) == getpgrp() }

  /// Where a command's group shall stand.
  ///
  /// A command that has all standard streams of a terminal to itself gets the terminal: keys signal it alone, and it is stopped
  /// and continued as a job. In a pipeline or a script the terminal is the whole job's, so the command joins it. In the
  /// background, and without a terminal, it has a group of its own.
  var group: sockeye_child_group {
    guard isOurs else { return SOCKEYE_CHILD_GROUP_OWN }
    let hasAllStreams = (STDIN_FILENO...STDERR_FILENO).allSatisfy { isatty($0) == 1 }
    return hasAllStreams && getpgrp() == getpid() ? SOCKEYE_CHILD_GROUP_FOREGROUND : SOCKEYE_CHILD_GROUP_SHARED
  }

  /// Takes the terminal back.
  func take() {
    // Who isn't in the foreground is stopped for this by SIGTTOU, unless that is blocked.
    var (blocked, before) = (sigset_t(), sigset_t())
    sigemptyset(&blocked)
    sigaddset(&blocked, SIGTTOU)
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    tcsetpgrp(descriptor, getpgrp())
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }

  /// Takes the terminal back from a group that has ended; somebody who is alive has it by right.
  func takeFromTheDead() {
    let group = tcgetpgrp(descriptor)
    if group > 0, group != getpgrp(), kill(-group, 0) < 0, errno == ESRCH { take() }
  }
}
