internal import CSockeyeLinux
internal import Glibc

/// A rename within a directory that replaces nothing, not even a symbolic link that leads nowhere.
package enum ExclusiveRename {
  /// Gives what is called `old` in `directory` the name `new`.
  ///
  /// - Parameters:
  ///   - directory: the descriptor that both names are relative to.
  ///   - old: the name that goes, ended by a zero.
  ///   - new: the name that comes, ended by a zero.
  /// - Returns: whether it was done; `errno` tells why not, EEXIST where the name is taken.
  package static func rename(in directory: CInt, from old: UnsafePointer<CChar>, to new: UnsafePointer<CChar>) -> Bool {
    if renameat2(directory, old, directory, new, SOCKEYE_RENAME_NOREPLACE) == 0 { return true }
    guard errno == EINVAL || errno == ENOSYS else { return false }
    // The file system doesn't know the flag. A second link to the file fails just so where the name is taken.
    return linkat(directory, old, directory, new, 0) == 0 && unlinkat(directory, old, 0) == 0
  }
}
