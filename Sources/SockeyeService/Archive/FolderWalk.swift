/// Visits everything below a folder, folders before what is in them, with one open directory for each level.
final class FolderWalk {
  /// Something that was found.
  enum Item {
    /// A folder, with its path below the one that the walk began in.
    case folder(relative: [UInt8], modifiedSeconds: Int64)
    /// A file, open.
    case file(OpenedFile, relative: [UInt8])
  }

  private let directory: ServedDirectory
  private let rules: AccessRules
  /// The folder that holds everything else, until it has been visited.
  private var top: Item?
  private var levels: [(reader: FolderReader, path: ResourcePath, relative: [UInt8])]

  /// Levels below which nothing is visited: each costs a descriptor.
  static let deepest = 64

  /// - Parameter name: What the folder is called in what is found, which all lies below it.
  init(
    _ path: ResourcePath,
    named name: [UInt8],
    in directory: ServedDirectory,
    rules: AccessRules = .usual
  ) throws(ServedDirectory.Refusal) {
    self.directory = directory
    self.rules = rules
    let relative = name + [UInt8(ascii: "/")]
    top = .folder(relative: relative, modifiedSeconds: try directory.metadata(of: path).modifiedSeconds)
    levels = [(try FolderReader(path, in: directory, rules: rules), path, relative)]
  }

  /// The next item; what cannot be opened is left out.
  func next() -> Item? {
    if let top {
      self.top = nil
      return top
    }
    while let level = levels.last {
      guard let entry = level.reader.next() else {
        levels.removeLast()
        continue
      }
      let path = level.path.appending(entry.name, isDirectory: entry.isDirectory)
      let relative = level.relative + entry.name
      if entry.isDirectory {
        // A link to a folder may lead back up: only real folders are walked.
        guard levels.count < Self.deepest, !level.reader.isLink(entry.name),
          let reader = try? FolderReader(path, in: directory, rules: rules)
        else { continue }
        let folder = relative + [UInt8(ascii: "/")]
        levels.append((reader, path, folder))
        return .folder(relative: folder, modifiedSeconds: entry.modifiedSeconds)
      }
      guard rules.rights(for: path).contains(.read), let file = try? directory.open(path), file.metadata.kind == .file
      else { continue }
      return .file(file, relative: relative)
    }
    return nil
  }
}
