internal import Glibc
internal import NIOCore
internal import SockeyeText
internal import SockeyeTransport
internal import Synchronization

/// A download on the disk before it has its final name: `NAME.part`, and `NAME.part.journal` beside it.
///
/// The journal is made first and removed last, so that a `.part` file without one isn't ours and is never touched. Its
/// lock keeps two downloads of one name apart. All methods may block.
final class PartFile: Sendable {
  private let folder: Folder
  private let name: String
  private let journalDescriptor: CInt
  private let descriptor: Mutex<CInt?>
  private let journal: Mutex<DownloadJournal>
  /// Why the system could not make bytes durable. It takes them for durable afterwards, so that nothing that is recorded
  /// later could be relied on.
  private let loss = Mutex<Failure?>(nil)

  /// Takes up what an earlier run left.
  ///
  /// - Returns: Nothing if there is nothing.
  /// - Throws: A failure of kind `refusedLocally` when another run is at it, or a file stands there that isn't ours.
  static func takeUp(_ name: String, in folder: Folder) throws(Failure) -> PartFile? {
    guard try folder.status(DownloadFileNames.journal(name)) != nil else {
      guard try folder.status(DownloadFileNames.part(name)) == nil else { throw Self.foreign(name, in: folder) }
      return nil
    }
    return try PartFile(name, in: folder)
  }

  /// Opens the journal, or makes one.
  init(_ name: String, in folder: Folder) throws(Failure) {
    self.folder = folder
    self.name = name
    let journalName = DownloadFileNames.journal(name)
    let descriptor = try Self.openLocked(journalName, in: folder)
    do throws(Failure) {
      guard let content = DownloadJournal(try Self.readAll(descriptor, folder.location(journalName))) else {
        throw Failure(.refusedLocally, .notJournal(folder.location(journalName)))
      }
      guard ftruncate(descriptor, off_t(content.validLength)) == 0 else { throw folder.failure(.write, journalName) }
      journal = Mutex(content)
      let partName = DownloadFileNames.part(name)
      if try folder.status(partName) == nil {
        self.descriptor = Mutex(nil)
      } else if content.identity == nil {
        throw Self.foreign(name, in: folder)
      } else {
        self.descriptor = Mutex(try folder.open(partName))
      }
    } catch {
      close(descriptor)
      throw error
    }
    journalDescriptor = descriptor
  }

  deinit {
    close(journalDescriptor)
    if let descriptor = self.descriptor.withLock({ $0 }) { close(descriptor) }
  }

  private static func foreign(_ name: String, in folder: Folder) -> Failure {
    let part = folder.location(DownloadFileNames.part(name))
    return Failure(.refusedLocally, .notUnfinished(part))
  }

  /// What the journal says.
  var content: DownloadJournal { journal.withLock { $0 } }

  /// Whether there is a `.part` file.
  var hasPart: Bool { descriptor.withLock { $0 != nil } }

  // MARK: Progress

  /// Starts from the first byte.
  func begin(_ identity: DownloadJournal.Identity) throws(Failure) {
    try append(.begin(identity))
    guard fsync(journalDescriptor) == 0 else { throw folder.failure(.write, name) }
    folder.sync()
    let descriptor = try self.descriptor.withLock { descriptor throws(Failure) in
      if let descriptor { return descriptor }
      let new = try folder.open(DownloadFileNames.part(name), flags: O_CREAT | O_EXCL)
      descriptor = new
      return new
    }
    guard ftruncate(descriptor, 0) == 0 else { throw folder.failure(.write, name) }
  }

  /// Writes bytes.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Failure) {
    let descriptor = partDescriptor
    var rest = bytes[...]
    while !rest.isEmpty {
      let position = offset + UInt64(rest.startIndex)
      let written = pwrite(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, off_t(position))
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw folder.failure(.write, DownloadFileNames.part(name)) }
      rest = rest.dropFirst(written)
    }
  }

  /// Reads a range in blocks, in order.
  func read(_ range: Range<UInt64>, _ body: (UnsafeRawBufferPointer) -> Void) throws(Failure) {
    let descriptor = partDescriptor
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { block.deallocate() }
    var position = range.lowerBound
    while position < range.upperBound {
      let count = Int(min(UInt64(block.count), range.upperBound - position))
      let got = pread(descriptor, block.baseAddress, count, off_t(position))
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw folder.failure(.read, DownloadFileNames.part(name)) }
      guard got > 0 else {
        let part = folder.location(DownloadFileNames.part(name))
        throw Failure(.localFile, .becameShorter(part))
      }
      body(UnsafeRawBufferPointer(rebasing: block[..<got]))
      position += UInt64(got)
    }
  }

  /// Makes all bytes written so far durable, and then says so in the journal.
  func record(_ checkpoint: DownloadJournal.Checkpoint) throws(Failure) {
    let part = DownloadFileNames.part(name)
    if let loss = loss.withLock({ $0 }) { throw loss }
    guard fdatasync(partDescriptor) == 0 else {
      let failure = folder.failure(.write, part)
      loss.withLock { $0 = failure }
      throw failure
    }
    try append(.checkpoint(checkpoint))
  }

  /// Cuts off what stands behind an offset, such as the half of a write that the disk had no room for.
  func cut(behind end: UInt64) {
    _ = ftruncate(partDescriptor, off_t(end))
  }

  private var partDescriptor: CInt { descriptor.withLock { $0 ?? -1 } }

  private func append(_ record: DownloadJournal.Record) throws(Failure) {
    try self.journal.withLock { journal throws(Failure) in
      let bytes = journal.append(record)
      // In one call: a kill comes before or after it, and a power failure is what the checksum is for.
      let written = bytes.withUnsafeReadableBytes { Glibc.write(journalDescriptor, $0.baseAddress, $0.count) }
      guard written == bytes.readableBytes else {
        let failure = folder.failure(.write, DownloadFileNames.journal(name))
        // Half a record would hide those behind it.
        var status = stat()
        if written > 0, fstat(journalDescriptor, &status) == 0 {
          _ = ftruncate(journalDescriptor, status.st_size - off_t(written))
        }
        throw failure
      }
    }
  }

  // MARK: Coming up again

  /// Checks the bytes between the last two checkpoints, those that a crash of the machine would have hurt, and that no
  /// byte is missing.
  func verifyTail() throws(Failure) -> Bool {
    let content = self.content
    guard hasPart, let checkpoint = content.checkpoint else { return false }
    var status = stat()
    let end = max(checkpoint.state.count, checkpoint.held.map(\.upperBound).max() ?? 0)
    guard fstat(partDescriptor, &status) == 0, UInt64(max(0, status.st_size)) >= end else { return false }
    var hash = ResumableSHA256(content.stateBefore)
    guard hash.state.count <= checkpoint.state.count else { return false }
    try read(hash.state.count..<checkpoint.state.count) { hash.update($0) }
    return hash.state == checkpoint.state
  }

  /// Whether an earlier run ended between giving the file its final name and removing the journal.
  func wasFinished() throws(Failure) -> Bool {
    guard !self.hasPart, let whole = content.whole, let status = try folder.status(name) else {
      return false
    }
    return UInt64(status.st_ino) == whole.inode && UInt64(max(0, status.st_size)) == whole.size
  }

  // MARK: The end

  /// Makes the file durable and gives it its final name.
  ///
  /// - Returns: The name that it got.
  /// - Throws: A failure of kind `refusedLocally` when the name is taken and must not be.
  func publish(
    size: UInt64,
    state: ResumableSHA256.State,
    digest: SHA256Sum,
    stamp: FileStamp,
    keepsTime: Bool = false,
    version: VersionNote? = nil,
    existing: DownloadOptions.ExistingFile
  ) throws(Failure) -> String {
    let part = DownloadFileNames.part(self.name)
    let descriptor = partDescriptor
    var status = stat()
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw folder.failure(.write, part) }
    stamp.keep(in: descriptor, isExact: keepsTime)
    version?.keep(in: descriptor)
    guard fsync(descriptor) == 0, fstat(descriptor, &status) == 0 else {
      throw folder.failure(.write, part)
    }
    try append(.checkpoint(.init(state: state, held: [])))
    try append(.whole(.init(digest: digest, size: size, inode: UInt64(status.st_ino))))

    var name = self.name
    var number = 0
    while try !self.folder.rename(part, to: name, replacing: existing == .overwrite) {
      guard existing == .rename, number < 99_999 else {
        let final = folder.location(name)
        throw Failure(.refusedLocally, .appearedMeanwhile(final, folder.location(part)))
      }
      number += 1
      let suffix = ".\(number)"
      name = LocalName.shortened(self.name, to: LocalName.longest - suffix.utf8.count) + suffix
    }
    folder.sync()
    removeJournal()
    return name
  }

  /// Lets others at it, at once: when the last reference goes is for nobody to know.
  func unlock() { flock(journalDescriptor, LOCK_UN) }

  /// Removes the journal, last of all.
  func removeJournal() { folder.remove(DownloadFileNames.journal(name)) }

  /// Removes everything.
  func discard() {
    folder.remove(DownloadFileNames.part(name))
    removeJournal()
  }

  // MARK: Opening

  private static func openLocked(_ name: String, in folder: Folder) throws(Failure) -> CInt {
    while true {
      let descriptor = try folder.open(name, flags: O_CREAT | O_APPEND)
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        close(descriptor)
        throw Failure(.refusedLocally, .isBeingWritten(folder.location(name)))
      }
      // Whoever held the lock before may have finished and removed the file that we opened.
      var opened = stat()
      if fstat(descriptor, &opened) == 0, let named = try folder.status(name), named.st_ino == opened.st_ino {
        return descriptor
      }
      close(descriptor)
    }
  }

  private static func readAll(_ descriptor: CInt, _ location: String) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    let longest = 1 << 28
    var position = 0
    while position < longest {
      let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        count = max(0, pread(descriptor, buffer.baseAddress, buffer.count, off_t(position)))
      }
      guard !chunk.isEmpty else { return bytes }
      bytes += chunk
      position += chunk.count
    }
    throw Failure(.refusedLocally, .notJournal(location))
  }
}
