internal import CSockeyeLinux
internal import Glibc

/// A rename that replaces nothing, not even a symbolic link that leads nowhere.
package enum ExclusiveRename {
  /// Gives what is called `old` in `directory` the name `new`, there or in another directory.
  ///
  /// - Parameters:
  ///   - directory: the descriptor that the old name is relative to, and the new one as well unless there is a `target`.
  ///   - old: the name that goes, ended by a zero.
  ///   - new: the name that comes, ended by a zero.
  ///   - target: the descriptor that the new name is relative to.
  /// - Returns: whether it was done; `errno` tells why not, EEXIST where the name is taken.
  package static func rename(
    in directory: CInt,
    from old: UnsafePointer<CChar>,
    to new: UnsafePointer<CChar>,
    in target: CInt? = nil
  ) -> Bool {
    let target = target ?? directory
    if renameat2(directory, old, target, new, SOCKEYE_RENAME_NOREPLACE) == 0 { return true }
    guard errno == EINVAL || errno == ENOSYS else { return false }
    // The file system doesn't know the flag. A second link to the file fails just so where the name is taken.
    return linkat(directory, old, target, new, 0) == 0 && unlinkat(directory, old, 0) == 0
  }
}
