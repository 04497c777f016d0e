import Glibc

/// How many descriptors this program may have open.
enum DescriptorLimit {
  /// Raises it as far as the system lets: many connections need many, and the limit that programs start with is a low one.
  static func raise() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
