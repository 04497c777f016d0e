import Glibc
public import SockeyeTransport

/// A certificate of one's own making is worth as much as people can recognise it by: so it is kept from start to start.
extension ServiceIdentity {
  /// The certificate and key that were kept in a file, or else new ones, which are kept there.
  ///
  /// A file that others could have written or read is not believed: it has to be a regular one of this user's, and nobody
  /// else's to read. One that ends within a day is replaced.
  ///
  /// - Parameters:
  ///   - path: The file. Folders on the way are made, for this user alone.
  ///   - names: Names and addresses that a new certificate is to be good for.
  ///   - now: Seconds since 1970.
  /// - Returns: The identity, and whether it is in the file. Where it cannot be, it is good for this start alone.
  /// - Throws: A failure of kind `tls`.
  public static func kept(
    at path: String,
    names: [String],
    now: Int64
  ) throws(Failure) -> (identity: ServiceIdentity, isKept: Bool) {
    if let identity = stored(at: path, now: now) { return (identity, true) }
    let pem = try selfSignedPEM(names: names, now: now)
    let identity = try ServiceIdentity(pem: pem)
    makeFolders(for: path)
    guard store(pem, at: path) else { return (identity, false) }
    // Of two that start at once the later one's certificate stays, and both use it.
    return (stored(at: path, now: now) ?? identity, true)
  }

  private static func stored(at path: String, now: Int64) -> ServiceIdentity? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
      status.st_mode & 0o077 == 0
    else { return nil }
    let pem = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
      count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
    }
    guard let identity = try? ServiceIdentity(pem: pem), identity.validUntil > now + 86_400 else { return nil }
    return identity
  }

  /// Writes the file beside its place first, so that nobody ever reads half of it.
  private static func store(_ pem: [UInt8], at path: String) -> Bool {
    let temporary = "\(path).\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    let isWritten = write(descriptor, pem, pem.count) == pem.count && fsync(descriptor) == 0
    close(descriptor)
    guard isWritten, rename(temporary, path) == 0 else {
      unlink(temporary)
      return false
    }
    return true
  }

  private static func makeFolders(for path: String) {
    for index in path.indices where path[index] == "/" && index != path.startIndex {
      mkdir(String(path[..<index]), 0o700)
    }
  }
}
