import Glibc
import SockeyeText

extension UploadPlace {
  /// What becomes of a file whose name is taken, and what must hold for it to be put there (RFC 9110, section 13.1).
  struct Existing: Equatable, Sendable {
    var rule = FileServiceConfiguration.Uploads.ExistingFile.fail
    var ifMatch: String?
    var ifNoneMatch: String?

    /// Looks at what stands there before anything is received.
    func check(_ name: [UInt8], in directory: CInt) throws(Refusal) {
      var status = stat()
      guard fstatat(directory, name.text, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
        // There is nothing that could match.
        guard ifMatch == nil else { throw .status(.preconditionFailed) }
        return
      }
      let tag = EntityTag.text(FileMetadata(status))
      if let ifMatch, !EntityTag.list(ifMatch, contains: tag, weakly: false) {
        throw .status(.preconditionFailed)
      }
      if let ifNoneMatch, EntityTag.list(ifNoneMatch, contains: tag, weakly: true) {
        throw .status(.preconditionFailed)
      }
      switch rule {
      case .fail: throw .status(.conflict)
      // A folder, a link or a device is nothing that a file could take the place of.
      case .overwrite where status.st_mode & S_IFMT != S_IFREG: throw .status(.conflict)
      case .overwrite, .rename: break
      }
    }
  }

  /// What came of giving a file its name.
  enum Publication: Equatable, Sendable {
    case published(name: [UInt8])
    case nameTaken
    /// What stands there is no longer what was to be replaced.
    case changed
    case otherDigest
    /// The system's error.
    case failed(CInt)
  }

  /// How many names are tried where one after the other is taken.
  private static let mostNames = 1000

  /// Gives the file its name, once it is on the disk.
  ///
  /// - Parameter digest: What the file has to have, if anything is known.
  func publish(requiring digest: FileDigest? = nil) -> Publication {
    if let digest {
      guard let found = FileDigest(of: descriptor) else { return .failed(EIO) }
      guard found.bytes == digest.bytes else { return .otherDigest }
    }
    // The name must not outlive a crash that the contents did not.
    guard fsync(descriptor) == 0 else { return .failed(errno) }
    let publication = giveName()
    if case .published = publication { fsync(directory) }
    return publication
  }

  private func giveName() -> Publication {
    if existing.rule == .overwrite {
      do {
        try existing.check(finalName, in: directory)
      } catch {
        return error == .status(.preconditionFailed) ? .changed : .nameTaken
      }
      let name = Array(finalName.dropLast())
      guard renameat(directory, partialName.text, directory, finalName.text) == 0 else {
        return .failed(errno)
      }
      return .published(name: name)
    }
    for number in 0..<(existing.rule == .rename ? Self.mostNames : 1) {
      let name = Array(finalName.dropLast()) + (number == 0 ? [] : Array(".\(number)".utf8))
      if ExclusiveRename.rename(in: directory, from: partialName.text, to: (name + [0]).text) {
        return .published(name: name)
      }
      guard errno == EEXIST else { return errno == ENAMETOOLONG ? .nameTaken : .failed(errno) }
    }
    return .nameTaken
  }
}
