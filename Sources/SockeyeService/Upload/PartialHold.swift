import Glibc

/// Keeps what stands under a name that nobody sees for as long as this lives: a service that starts over the same directory
/// sweeps away what nobody has locked.
///
/// Where something can't be locked, somebody else has, or nobody may read it; a sweep leaves it alone then, too.
final class PartialHold {
  private let descriptor: CInt

  /// Holds a file or a folder, by whatever name it goes on.
  init(_ name: some Sequence<UInt8>, in directory: CInt) {
    descriptor = openat(directory, (Array(name) + [0]).text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    if descriptor >= 0 { flock(descriptor, LOCK_EX | LOCK_NB) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }
}
