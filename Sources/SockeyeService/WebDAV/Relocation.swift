import Glibc
import SockeyeText

/// A COPY or a MOVE: RFC 4918, sections 9.8 and 9.9. What comes appears as a whole, and what stood there before goes so;
/// a file takes the place of a file in one step.
struct Relocation: Sendable {
  let source: ResourcePath
  let destination: ResourcePath
  let isCopy: Bool
  /// Whether what is in a folder comes with it.
  let isDeep: Bool
  /// Why a file, or a folder, that stands there may not be replaced; nothing where it may.
  let replacingFile: HTTPStatus?
  let replacingFolder: HTTPStatus?
  /// What who asks may see.
  let rules: AccessRules
  /// What a name that nobody sees is made of.
  let unique: String

  /// What came of it.
  enum Outcome: Error, Equatable, Sendable {
    case done(replaced: Bool)
    case refused(HTTPStatus, Reason? = nil)
  }

  /// What to tell instead of what the status always means.
  enum Reason: Sendable { case somethingIsThere, folderAboveIsMissing, hiddenThingsInFolder, treeIsTooLarge }

  /// Descriptors of the two folders, which are closed with it.
  private final class Places {
    let from: CInt
    let to: CInt

    init(from: CInt, to: CInt) {
      self.from = from
      self.to = to
    }

    deinit {
      close(from)
      close(to)
    }
  }

  /// Does it. Waits for the disk.
  func run(in served: ServedDirectory, area: UploadArea) -> Outcome {
    do throws(Outcome) {
      return .done(replaced: try relocate(served, area))
    } catch {
      return error
    }
  }

  private func relocate(_ served: ServedDirectory, _ area: UploadArea) throws(Outcome) -> Bool {
    let metadata = try self.metadata(served)
    let places = try open(served)
    let isFolder = metadata.kind == .directory
    guard !isFolder || !FolderTree.isFolder(places.to, within: metadata) else { throw .refused(.forbidden) }
    let standing = try lookAtDestination(places, metadata)
    let partial = PartialName.unique(unique)
    var copy = FileCopy(area: area)
    defer { withExtendedLifetime(copy) {} }
    if isCopy {
      do throws(FileCopy.Problem) {
        try self.copy(served, isFolder, partial, places, &copy)
      } catch {
        copy.undo()
        _ = FolderTree.remove(partial, in: places.to)
        throw Self.refusal(error)
      }
    }
    let name = isCopy ? partial : Array(source.name)
    let from = isCopy ? places.to : places.from
    let isSimple = !isFolder && standing.map { $0 & S_IFMT == S_IFREG } == true
    let problem =
      isSimple ? replace(name, from: from, places) : put(name, from: from, places, standAside: standing != nil)
    if problem == 0 { return standing != nil }
    if isCopy {
      copy.undo()
      _ = FolderTree.remove(partial, in: places.to)
    }
    throw Self.refusal(.system(problem))
  }

  /// What is to come, if it is something that can be seen.
  private func metadata(_ served: ServedDirectory) throws(Outcome) -> FileMetadata {
    do throws(ServedDirectory.Refusal) {
      let metadata = try served.metadata(of: source)
      guard metadata.kind != .other, metadata.kind == .directory || !source.namesDirectory else {
        throw .notFound
      }
      return metadata
    } catch {
      throw .refused(error == .exhausted ? .serviceUnavailable : error == .forbidden ? .forbidden : .notFound)
    }
  }

  private func open(_ served: ServedDirectory) throws(Outcome) -> Places {
    let from: CInt
    do throws(ServedDirectory.Refusal) { from = try served.openDirectory(source.parent) } catch {
      throw .refused(error == .exhausted ? .serviceUnavailable : .notFound)
    }
    do throws(ServedDirectory.Refusal) {
      return Places(from: from, to: try served.openDirectory(destination.parent))
    } catch {
      close(from)
      throw error == .exhausted
        ? .refused(.serviceUnavailable) : .refused(.conflict, .folderAboveIsMissing)
    }
  }

  /// What stands where it is to go: its mode, or nothing.
  private func lookAtDestination(_ places: Places, _ metadata: FileMetadata) throws(Outcome) -> mode_t? {
    var status = stat()
    guard fstatat(places.to, (destination.name + [0]).text, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      guard errno == ENOENT else { throw Self.refusal(.system(errno)) }
      return nil
    }
    let there = FileMetadata(status)
    guard there.device != metadata.device || there.inode != metadata.inode else { throw .refused(.forbidden) }
    switch there.kind {
    case .file: if let replacingFile { throw .refused(replacingFile) }
    case .directory:
      if let replacingFolder { throw .refused(replacingFolder) }
      do throws(FolderTree.Obstacle) { try FolderTree.survey(Array(destination.name), in: places.to) } catch {
        throw Self.refusal(meeting: error)
      }
    // A link or a device is nothing that anything could take the place of.
    case .other: throw .refused(.conflict, .somethingIsThere)
    }
    return status.st_mode
  }

  private func copy(
    _ served: ServedDirectory,
    _ isFolder: Bool,
    _ partial: [UInt8],
    _ places: Places,
    _ copy: inout FileCopy
  ) throws(FileCopy.Problem) {
    if isFolder {
      let walk: FolderWalk
      do throws(ServedDirectory.Refusal) {
        walk = try FolderWalk(source, named: partial, in: served, rules: rules)
      } catch {
        throw .system(error == .exhausted ? EMFILE : ENOENT)
      }
      try copy.copy(walk, into: places.to, isDeep: isDeep)
    } else {
      let file: OpenedFile
      do throws(ServedDirectory.Refusal) { file = try served.open(source) } catch { throw .system(ENOENT) }
      try copy.copy(file, as: partial, in: places.to)
    }
  }

  /// Gives a file the name of another.
  ///
  /// - Returns: 0, or the system's error.
  private func replace(_ name: [UInt8], from folder: CInt, _ places: Places) -> CInt {
    guard renameat(folder, (name + [0]).text, places.to, (destination.name + [0]).text) == 0 else { return errno }
    sync(places)
    return 0
  }

  private func sync(_ places: Places) {
    fsync(places.to)
    if !isCopy { fsync(places.from) }
  }

  /// Gives it its name, and removes what had that name.
  ///
  /// - Returns: 0, or the system's error; then everything is as it was.
  private func put(_ name: [UInt8], from folder: CInt, _ places: Places, standAside: Bool) -> CInt {
    let old = (name + [0]).text
    let new = (destination.name + [0]).text
    let aside = PartialName.unique("aside-" + unique)
    let hold = standAside ? PartialHold(destination.name, in: places.to) : nil
    defer { withExtendedLifetime(hold) {} }
    if standAside, renameat(places.to, new, places.to, (aside + [0]).text) != 0 { return errno }
    guard ExclusiveRename.rename(in: folder, from: old, to: new, in: places.to) else {
      let problem = errno
      if standAside { _ = ExclusiveRename.rename(in: places.to, from: (aside + [0]).text, to: new) }
      return problem
    }
    sync(places)
    if standAside { _ = FolderTree.remove(aside, in: places.to) }
    return 0
  }

  static func refusal(_ problem: FileCopy.Problem) -> Outcome {
    switch problem {
    case .noRoom, .system(ENOSPC), .system(EDQUOT), .system(EFBIG): .refused(.insufficientStorage)
    case .tooLarge: .refused(.forbidden, .treeIsTooLarge)
    case .system(EEXIST), .system(ENOTEMPTY): .refused(.conflict, .somethingIsThere)
    case .system(EMFILE), .system(ENFILE), .system(ENOMEM): .refused(.serviceUnavailable)
    case .system(ENOENT): .refused(.notFound)
    case .system: .refused(.forbidden)
    }
  }

  static func refusal(meeting obstacle: FolderTree.Obstacle) -> Outcome {
    switch obstacle {
    case .hidden: .refused(.conflict, .hiddenThingsInFolder)
    case .tooLarge: .refused(.forbidden, .treeIsTooLarge)
    case .system(let code): refusal(.system(code))
    }
  }
}

/// A folder that is removed with all that is in it, or not at all (RFC 4918, section 9.6.1).
struct FolderRemoval: Sendable {
  let name: [UInt8]
  let unique: String

  /// Does it. Waits for the disk.
  func run(in directory: CInt) -> Relocation.Outcome {
    do throws(FolderTree.Obstacle) {
      try FolderTree.survey(name, in: directory)
      // Who looks meanwhile sees all of it or nothing.
      let aside = PartialName.unique(unique)
      guard renameat(directory, (name + [0]).text, directory, (aside + [0]).text) == 0 else { throw .system(errno) }
      fsync(directory)
      _ = FolderTree.remove(aside, in: directory)
      return .done(replaced: true)
    } catch {
      return Relocation.refusal(meeting: error)
    }
  }
}
