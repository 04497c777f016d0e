internal import CSockeyeLinux
internal import Glibc

/// Why there is no network of its own for a command.
public enum ChildError: Error, Hashable, Sendable {
  /// The system allows no such namespaces, or allows nothing in them; and what of it says so, if it is known.
  case forbidden(NamespaceObstacle?, number: Int32)
  /// /dev/net/tun is missing, or may not be opened.
  case tunnelClosed(number: Int32)
  /// Something else failed.
  case step(Step, number: Int32)

  /// What was done when it failed.
  public enum Step: Hashable, Sendable {
    /// Descriptors, threads and processes.
    case process
    /// Telling the namespace who is who.
    case identities
    /// Parting the mounts.
    case mounts
    /// Making the device.
    case device
    /// Addresses and routes.
    case network
    /// Files such as `/etc/resolv.conf`.
    case files
  }

  /// What a step of init's that failed means.
  init(_ failed: sockeye_child_step, number: Int32) {
    let step: Step
    switch failed {
    case SOCKEYE_CHILD_STEP_OPEN_TUNNEL:
      self = .tunnelClosed(number: number)
      return
    case SOCKEYE_CHILD_STEP_MOUNTS: step = .mounts
    case SOCKEYE_CHILD_STEP_MAKE_TUNNEL: step = .device
    case SOCKEYE_CHILD_STEP_NETWORK: step = .network
    case SOCKEYE_CHILD_STEP_FILES: step = .files
    default: step = .process
    }
    self.init(step, number: number)
  }

  /// What is forbidden inside, where the caller is root, is so by something that forbids it from outside.
  init(_ step: Step, number: Int32) {
    self = number == EPERM || number == EACCES ? .forbidden(.current, number: number) : .step(step, number: number)
  }
}

/// A setting of the system's that forbids namespaces of a user's own.
public enum NamespaceObstacle: Hashable, Sendable, CaseIterable {
  /// Debian's switch: `kernel.unprivileged_userns_clone` is 0.
  case switchedOff
  /// There may be none: `user.max_user_namespaces` is 0.
  case noneAllowed
  /// AppArmor takes their rights away: `kernel.apparmor_restrict_unprivileged_userns` is 1.
  case restrictedByAppArmor

  /// The setting's name.
  public var setting: String {
    switch self {
    case .switchedOff: "kernel.unprivileged_userns_clone"
    case .noneAllowed: "user.max_user_namespaces"
    case .restrictedByAppArmor: "kernel.apparmor_restrict_unprivileged_userns"
    }
  }

  /// The value that forbids.
  public var value: String {
    switch self {
    case .switchedOff, .noneAllowed: "0"
    case .restrictedByAppArmor: "1"
    }
  }

  /// The value that allows.
  public var remedy: String {
    switch self {
    case .switchedOff: "1"
    case .noneAllowed: "10000"
    case .restrictedByAppArmor: "0"
    }
  }

  /// The first that this machine has.
  static var current: NamespaceObstacle? {
    among { ProcessFile.text("/proc/sys/" + $0.split(separator: ".").joined(separator: "/")) }
  }

  /// The first of those whose setting forbids.
  static func among(_ setting: (String) -> String?) -> NamespaceObstacle? {
    allCases.first { obstacle in
      setting(obstacle.setting)?.split(whereSeparator: \.isWhitespace).first.map(String.init) == obstacle.value
    }
  }
}

/// Small files of /proc.
enum ProcessFile {
  /// What a file says, up to 4 KiB; nil where it can't be read.
  static func text(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var room = [UInt8](repeating: 0, count: 4_096)
    let count = read(descriptor, &room, room.count)
    return count < 0 ? nil : String(decoding: room.prefix(count), as: UTF8.self)
  }

  /// Writes to a file in one piece. Returns whether it was taken; `errno` says why not.
  static func write(_ text: String, to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    let bytes = Array(text.utf8)
    let count = Glibc.write(descriptor, bytes, bytes.count)
    let number = errno
    close(descriptor)
    errno = number
    return count == bytes.count
  }
}
