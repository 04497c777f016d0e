import CSockeyeLinux
import Glibc
import NIOCore
import SockeyeTransport

/// One file that is being received.
///
/// It grows under a hidden name beside its place and takes its own name only when it is whole and on the disk, and only if
/// nothing has that name. What an interrupted upload has left there can be continued.
final class Upload {
  /// How an upload ended.
  enum Outcome: Equatable, Sendable {
    /// The file is in its place.
    case stored
    /// This part is stored, more is to come.
    case partial(size: Int64)
    case refused(HTTPStatus)
    /// The part does not begin where what is there ends.
    case wrongOffset(size: Int64)
  }

  /// What is to become of bytes that follow.
  enum Intake: Equatable {
    case wanted
    /// The disk has to catch up first.
    case enough
    case failed(HTTPStatus)
  }

  private enum State {
    case receiving
    /// The body is complete; whoever waits is told when it is on the disk.
    case finishing((Outcome) -> Void)
    case over
  }

  /// The descriptor and names that the file threads work on.
  private struct Place: Sendable {
    let directory: CInt
    let descriptor: CInt
    let partialName: [UInt8]
    let finalName: [UInt8]
  }

  private let path: ResourcePath
  private let place: Place
  private let area: UploadArea
  private let pool: BlockingThreads
  private let range: ContentRange?
  private let eventLoop: any EventLoop
  private var state = State.receiving
  private var size: Int64
  private var received: Int64 = 0
  private var pending = ByteBuffer()
  private var isWriting = false
  private var problem: HTTPStatus?
  /// Called when bytes are wanted again.
  var onRoom: () -> Void = {}

  /// Bytes that wait for the disk before the client is made to wait.
  private static let mostPending = 1 << 20

  private init(
    path: ResourcePath,
    place: Place,
    size: Int64,
    range: ContentRange?,
    area: UploadArea,
    worker: ServiceWorker
  ) {
    self.path = path
    self.place = place
    self.size = size
    self.range = range
    self.area = area
    eventLoop = worker.eventLoop
    pool = worker.shared.filePool
  }

  /// What a file is called until it is whole.
  static func partialPath(of path: ResourcePath) -> ResourcePath {
    path.parent.appending(Array(".".utf8) + path.name + Array(".upload".utf8))
  }

  /// The size of what an interrupted upload has left.
  static func partialSize(of path: ResourcePath, in directory: ServedDirectory) -> Int64? {
    guard !path.isHidden, let parent = try? directory.openDirectory(path.parent) else { return nil }
    defer { Glibc.close(parent) }
    var status = stat()
    let name = Self.cString(partialPath(of: path).name)
    guard fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    let metadata = FileMetadata(status)
    return metadata.kind == .file ? metadata.size : nil
  }

  /// Opens the place for a file.
  ///
  /// - Returns: The upload, or why there will be none.
  static func begin(_ path: ResourcePath, range: ContentRange?, area: UploadArea, worker: ServiceWorker) -> Result<
    Upload, Refusal
  > {
    guard !path.namesDirectory else { return .failure(Refusal(.refused(.conflict))) }
    guard !path.isHidden else { return .failure(Refusal(.refused(.forbidden))) }
    guard path.name.count <= Self.longestName, Self.isFitForAll(path.name) else {
      return .failure(Refusal(.refused(.badRequest)))
    }
    guard area.claim(path) else { return .failure(Refusal(.refused(.locked))) }
    let result = self.open(path, range: range, in: worker.shared.directory)
    switch result {
    case .success(let (place, size)):
      return .success(Upload(path: path, place: place, size: size, range: range, area: area, worker: worker))
    case .failure(let refusal):
      area.release(path)
      return .failure(refusal)
    }
  }

  /// The longest name that leaves room for what marks it as partial.
  private static let longestName = 247

  /// Whether a name means the same to every client that may fetch it: no control characters, no backslash, and UTF-8.
  private static func isFitForAll(_ name: ArraySlice<UInt8>) -> Bool {
    !name.contains { $0 < 0x20 || $0 == 0x7f || $0 == UInt8(ascii: "\\") }
      && String(validating: name, as: UTF8.self) != nil
  }

  /// An outcome in the place of an error.
  struct Refusal: Error {
    let outcome: Outcome
    init(_ outcome: Outcome) { self.outcome = outcome }
  }

  private static func open(_ path: ResourcePath, range: ContentRange?, in directory: ServedDirectory) -> Result<
    (Place, Int64), Refusal
  > {
    let parent: CInt
    do {
      parent = try directory.openDirectory(path.parent)
    } catch {
      return .failure(
        Refusal(.refused(error == .forbidden ? .forbidden : error == .exhausted ? .serviceUnavailable : .notFound))
      )
    }
    let place = Place(
      directory: parent,
      descriptor: -1,
      partialName: Array(partialPath(of: path).name) + [0],
      finalName: Array(path.name) + [0]
    )
    func fail(_ outcome: Outcome, _ descriptor: CInt = -1) -> Result<(Place, Int64), Refusal> {
      if descriptor >= 0 { Glibc.close(descriptor) }
      Glibc.close(parent)
      return .failure(Refusal(outcome))
    }
    var status = stat()
    if fstatat(parent, cString(path.name), &status, AT_SYMLINK_NOFOLLOW) == 0 { return fail(.refused(.conflict)) }

    // Nothing that stands there already is followed, and a file with a second name is not written to.
    let descriptor = openat(
      parent,
      cString(partialPath(of: path).name),
      O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
      mode_t(0o644)
    )
    guard descriptor >= 0 else {
      return fail(.refused(errno == ENOSPC || errno == EDQUOT ? .insufficientStorage : .forbidden))
    }
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else {
      return fail(.refused(.conflict), descriptor)
    }
    var size = Int64(status.st_size)
    let first = range?.first ?? 0
    if first == 0 {
      guard ftruncate(descriptor, 0) == 0 else { return fail(.refused(.internalError), descriptor) }
      size = 0
    } else if first != size {
      return fail(.wrongOffset(size: size), descriptor)
    }
    return .success(
      (
        Place(directory: parent, descriptor: descriptor, partialName: place.partialName, finalName: place.finalName),
        size
      )
    )
  }

  private static func cString(_ name: ArraySlice<UInt8>) -> [CChar] { name.map { CChar(bitPattern: $0) } + [0] }

  // MARK: Bytes

  /// Takes bytes of the body.
  func receive(_ bytes: ByteBuffer) -> Intake {
    received += Int64(bytes.readableBytes)
    if let problem { return .failed(problem) }
    if let range, received > range.last - range.first + 1 {
      problem = .badRequest
    } else if !area.reserve(bytes.readableBytes) {
      problem = .insufficientStorage
    }
    if let problem { return .failed(problem) }
    pending.writeImmutableBuffer(bytes)
    writePending()
    return pending.readableBytes > Self.mostPending ? .enough : .wanted
  }

  private func writePending() {
    guard !self.isWriting, pending.readableBytes > 0 else { return }
    isWriting = true
    let bytes = pending
    pending = ByteBuffer()
    let descriptor = self.place.descriptor
    let offset = self.size
    self.size += Int64(bytes.readableBytes)
    pool.run(on: eventLoop) {
      Self.write(bytes, to: descriptor, at: offset)
    }.assumeIsolated().whenComplete { result in
      self.isWriting = false
      switch result {
      case .success(0): break
      case .success(ENOSPC), .success(EDQUOT), .success(EFBIG): self.problem = self.problem ?? .insufficientStorage
      default: self.problem = self.problem ?? .internalError
      }
      if case .over = self.state { return self.close() }
      self.writePending()
      if case .receiving = self.state, self.pending.readableBytes < Self.mostPending / 4 { self.onRoom() }
      self.finishIfWritten()
    }
  }

  /// Returns 0, or the system's error.
  private static func write(_ bytes: ByteBuffer, to descriptor: CInt, at offset: Int64) -> CInt {
    bytes.withUnsafeReadableBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = pwrite(
          descriptor,
          buffer.baseAddress.map { $0 + done },
          buffer.count - done,
          off_t(offset) + off_t(done)
        )
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return count == 0 ? EIO : errno }
        done += count
      }
      return 0
    }
  }

  // MARK: The end

  /// The body is complete.
  func finish(_ body: @escaping (Outcome) -> Void) {
    state = .finishing(body)
    finishIfWritten()
  }

  private func finishIfWritten() {
    guard case .finishing(let body) = state, !isWriting, pending.readableBytes == 0 else { return }
    if problem == nil, let range, received != range.last - range.first + 1 { problem = .badRequest }
    if let problem { return end(.refused(problem), body) }
    if let range, range.total != range.last + 1 { return end(.partial(size: size), body) }
    let place = self.place
    isWriting = true
    pool.run(on: eventLoop) {
      // The name must not outlive a crash that the contents did not.
      guard fsync(place.descriptor) == 0 else { return errno }
      guard sockeye_rename_noreplace(place.directory, place.partialName, place.finalName) == 0 else { return errno }
      fsync(place.directory)
      return 0
    }.assumeIsolated().whenComplete { (result: Result<CInt, any Error>) in
      self.isWriting = false
      switch result {
      case .success(0): self.end(.stored, body)
      case .success(EEXIST): self.end(.refused(.conflict), body)
      case .success(ENOSPC), .success(EDQUOT): self.end(.refused(.insufficientStorage), body)
      default: self.end(.refused(.internalError), body)
      }
    }
  }

  private func end(_ outcome: Outcome, _ body: (Outcome) -> Void) {
    state = .over
    close()
    body(outcome)
  }

  /// The client is gone. What it sent stays, to be continued.
  func connectionEnded() {
    if case .over = state { return }
    state = .over
    if !isWriting { close() }
  }

  private func close() {
    Glibc.close(place.descriptor)
    Glibc.close(place.directory)
    area.release(path)
  }
}
