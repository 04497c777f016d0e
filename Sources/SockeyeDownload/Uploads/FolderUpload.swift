internal import Glibc
internal import SockeyeText
public import SockeyeTransport

extension Uploader {
  /// Folders below which nothing is looked at.
  private static let deepestFolder = 64

  /// Uploads a folder with all that is in it, but for names that begin with a dot and for what symbolic links lead to.
  ///
  /// Files that the server has already, with the same digest, are left; so the same call goes on where one was stopped.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - url: Where it goes: into this folder under its own name, where the URL ends in a slash.
  /// - Throws: The first failure, after all files have been tried; one that says nothing about a file at once.
  public func uploadFolder(_ path: String, to url: DownloadURL) async throws(Failure) -> FolderUploadReport {
    guard url.scheme != .tcp else { throw Failure(.usage, .noBareName(url)) }
    let name = Self.lastName(of: path)
    let isOwnName = name != Array(".".utf8) && name != Array("..".utf8) && !name.isEmpty
    let top = url.path.hasSuffix("/") && isOwnName ? url.appending(name, isFolder: true) : url.asFolder
    var report = FolderUploadReport()
    var failures: (first: Failure, count: Int)?
    try await makeFolder(top)
    // Depth first: each level is a list of what is yet to do.
    var levels = [(path: path, url: top, names: try await names(in: path)[...])]
    while var level = levels.popLast() {
      guard let entry = level.names.popFirst() else { continue }
      levels.append(level)
      let below = "\(level.path)/\(entry.name)"
      do throws(Failure) {
        switch entry.kind {
        case .folder:
          guard levels.count < Self.deepestFolder else {
            throw Failure(.refusedLocally, .tooDeep(below, Self.deepestFolder))
          }
          let target = level.url.appending(ArgumentText.bytes(of: entry.name), isFolder: true)
          try await makeFolder(target)
          levels.append((below, target, try await names(in: below)[...]))
        case .file:
          let target = level.url.appending(ArgumentText.bytes(of: entry.name), isFolder: false)
          if let file = try await upload(below, to: target) {
            report.uploaded += 1
            report.bytes += file.size
          } else {
            report.skipped += 1
          }
        case .other: onEvent(.notice(UploadSentence.leftOut(below).phrase))
        }
      } catch {
        guard Self.isAboutOneFile(error), !Task.isCancelled else { throw error }
        onEvent(.failed(file: below, failure: error))
        failures = (failures?.first ?? error, (failures?.count ?? 0) + 1)
      }
    }
    if let failures {
      throw Failure(failures.first.kind, .someFailed(path, failures.count, failures.first.phrase))
    }
    return report
  }

  /// Whether the next file may fare better.
  private static func isAboutOneFile(_ failure: Failure) -> Bool {
    switch failure.kind {
    case .localFile, .serverReported, .integrity, .refusedLocally: true
    default: false
    }
  }

  private func makeFolder(_ url: DownloadURL) async throws(Failure) {
    // The server's own top is there.
    guard url.path != "/" else { return }
    do throws(TransferFailure) {
      try await UploadRequester(pool: pool, options: options, url: url).makeFolder()
    } catch {
      throw error.failure
    }
  }

  private struct Entry: Sendable {
    enum Kind: Sendable { case file, folder, other }

    let name: String
    let kind: Kind
  }

  private func names(in path: String) async throws(Failure) -> [Entry] {
    try await threads.disk.run { () throws(Failure) in
      guard let stream = ArgumentText.withPath(path, { opendir($0) }) else {
        throw Failure(.localFile, .cannotOpenFolder(path, Folder.reason(errno)))
      }
      defer { closedir(stream) }
      var entries: [Entry] = []
      while let entry = readdir(stream) {
        let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { $0.prefix { $0 != 0 }.map { $0 } }
        guard bytes.first != UInt8(ascii: ".") else { continue }
        var status = stat()
        let kind: Entry.Kind
        if fstatat(dirfd(stream), bytes.map { CChar(bitPattern: $0) } + [0], &status, AT_SYMLINK_NOFOLLOW) != 0 {
          kind = .other
        } else {
          switch status.st_mode & S_IFMT {
          case S_IFREG: kind = .file
          case S_IFDIR: kind = .folder
          default: kind = .other
          }
        }
        entries.append(Entry(name: ArgumentText.text(of: bytes), kind: kind))
      }
      return entries.sorted { $0.name < $1.name }
    }
  }
}
