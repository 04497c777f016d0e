import Glibc
import SockeyeService
import SockeyeText
import SockeyeTransport

extension Serve {
  /// Confines the process to what this call needs, before it has a second thread.
  func confine() {
    // A TUN device and its capture are opened with rights of their own.
    guard !self.noSandbox, network.stack == nil, security.addUser == nil else { return }
    let outcome = confinement.apply()
    guard verbose, !self.quiet else { return }
    switch outcome {
    case .confined(let ports): StandardError.say(ProgramSentence.confined(ports: ports))
    case .unconfined(let reason): StandardError.say(ProgramSentence.unconfined(reason))
    }
  }

  private var confinement: Confinement {
    var confinement = Confinement()
    // What the C library, the runtime and the tables of media types and encodings lie in.
    confinement.readable = [
      "/etc", "/usr", "/lib", "/lib64", "/proc", "/dev", "/run/systemd/resolve", "/sys/devices/system/cpu",
    ]
    let served = self.paths.isEmpty ? ["."] : self.paths
    for path in served {
      // A file that was picked may be replaced by another of its name.
      confinement.readable.insert(Self.isFolder(path) ? path : Self.folder(of: path))
      if limits.upload { confinement.writable.insert(path) }
    }
    // Read again when the service is told to.
    for file in [security.certificate, security.key, security.authFile].compactMap({ $0 }) {
      confinement.readable.insert(Self.folder(of: file))
    }
    if security.tls != nil { confinement.writable.formUnion(Self.stateFolders) }
    for file in [readyFile, reports.accessLog].compactMap({ $0 }) where file != "-" {
      confinement.writable.insert(Self.folder(of: file))
    }
    // The table of a large archive's contents waits in a file without a name.
    confinement.writable.insert("/tmp")
    for text in [listen, reports.admin] {
      guard let text, let endpoint = try? Endpoint.parse(text) else { continue }
      if case .unix(let path) = endpoint.location { confinement.writable.insert(Self.folder(of: path)) }
      if let port = endpoint.port { confinement.ports.insert(port) }
    }
    if listen == nil { confinement.ports.insert(8888) }
    return confinement
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return ArgumentText.withPath(path) { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The folder that a path's last name lies in, links followed.
  private static func folder(of path: String) -> String {
    let real = ArgumentText.withPath(path) { realpath($0, nil) }
    defer { free(real) }
    let whole =
      real.map {
        ArgumentText.text(of: Array(UnsafeBufferPointer(start: $0, count: strlen($0))).map(UInt8.init(bitPattern:)))
      } ?? path
    guard let slash = whole.lastIndex(of: "/") else { return "." }
    return slash == whole.startIndex ? "/" : String(whole[..<slash])
  }

  /// The folder that keeps a certificate, or the closest above it that is there: it may have to be made.
  private static var stateFolders: [String] {
    guard var folder = SecurityFlags.stateFolder else { return [] }
    folder += "/sockeye"
    while !folder.isEmpty, !isFolder(folder) { folder = Self.parent(of: folder) }
    return folder.isEmpty || folder == "/" ? [] : [folder]
  }

  private static func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }
}
