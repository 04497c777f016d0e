internal import Glibc
internal import NIOHTTP1
internal import SockeyeText
public import SockeyeTransport

/// Fetches files so that none is ever wrong: the final name appears once every byte is there, checked and on the disk.
///
/// One downloader may fetch many files one after another; connections are kept between them. End it with
/// ``shutdown()``.
public final class Downloader: Sendable {
  let options: DownloadOptions
  let pool: HTTPConnectionPool
  let threads: DownloadThreads
  let surroundings: Surroundings
  let limiter: RateLimiter?
  let progress: DownloadProgress
  let onEvent: @Sendable (DownloadEvent) -> Void

  /// - Parameters:
  ///   - transport: Whose TCP to use.
  ///   - options: How to download.
  ///   - progress: Where to keep how far it is.
  ///   - onEvent: Told what happens, from any thread.
  public init(
    transport: Transport,
    options: DownloadOptions,
    progress: DownloadProgress = DownloadProgress(),
    onEvent: @escaping @Sendable (DownloadEvent) -> Void = { _ in }
  ) {
    self.options = options
    surroundings = transport.surroundings
    threads = DownloadThreads(surroundings)
    limiter = options.bytesPerSecond.map { RateLimiter(bytesPerSecond: $0) }
    pool = HTTPConnectionPool(
      transport: transport,
      options: options,
      readSize: limiter?.readSize ?? 512 << 10
    )
    self.progress = progress
    self.onEvent = onEvent
  }

  /// Closes the connections and ends the threads.
  public func shutdown() async {
    pool.closeAll()
    await threads.shutdown()
  }

  /// Downloads one file.
  ///
  /// When the task is cancelled, what has arrived is written down so that the next run goes on from there.
  ///
  /// - Parameters:
  ///   - url: Where the file is.
  ///   - checksum: The digest that this file must have, in place of the options' one.
  /// - Returns: What came of it; nothing if the final name was taken and that means to skip it.
  /// - Throws: A failure of any kind but `expectationUnmet`.
  @discardableResult
  public func download(_ url: DownloadURL, checksum: FileChecksum? = nil) async throws(Failure) -> DownloadReport? {
    try await download(from: [url], checksum: checksum)
  }

  /// Downloads one file from the first of several places that has it; its name is the first one's.
  ///
  /// - Parameters:
  ///   - places: Where it can be had, the best place first; at least one.
  ///   - checksum: The digest that it must have, which alone shows that the places have the same file.
  /// - Returns: What came of it; nothing if the final name was taken and that means to skip it.
  /// - Throws: A failure of any kind but `expectationUnmet`.
  @discardableResult
  public func download(
    from places: [DownloadURL],
    checksum: FileChecksum?
  ) async throws(Failure) -> DownloadReport? {
    guard let first = places.first else { return nil }
    switch options.output {
    case .descriptor(let descriptor): return try await download(places, into: .descriptor(descriptor), checksum)
    case .file(let path):
      guard let place = try await threads.disk.run({ () throws(Failure) in try Self.place(path) }) else {
        let descriptor = ArgumentText.withPath(path) { open($0, O_WRONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw Failure(.localFile, .cannotWriteTo(path, Folder.reason(errno))) }
        defer { close(descriptor) }
        return try await download(places, into: .descriptor(descriptor), checksum)
      }
      return try await download(places, into: .file(place.folder, place.name), checksum)
    case .named:
      let bytes = try await self.name(for: first)
      let name = try LocalName(bytes)
      if name.isChanged { onEvent(.renamed(from: String(decoding: bytes, as: UTF8.self), to: name.text)) }
      let path = options.folder
      let folder = try await threads.disk.run { () throws(Failure) in try Folder(path: path, creates: true) }
      return try await download(places, into: .file(folder, name.text), checksum)
    }
  }

  private func download(
    _ places: [DownloadURL],
    into destination: FileDownload.Destination,
    _ checksum: FileChecksum?
  ) async throws(Failure) -> DownloadReport? {
    try await MirroredDownload(urls: places, destination: destination, checksum: checksum).run(by: self)
  }

  /// The name that a URL ends in, or the one that its server chooses if it may.
  private func name(for url: DownloadURL) async throws(Failure) -> [UInt8] {
    guard options.trustsServerNames, url.scheme != .tcp else { return url.lastComponent }
    let requester = self.requester(trusting: url.origin)
    do throws(TransferFailure) {
      let answer = try await requester.askHead(of: url)
      let suggested = answer.head.headers.first(name: "Content-Disposition").flatMap(ContentDisposition.fileName)
      return suggested ?? answer.url.lastComponent
    } catch {
      guard error.failure.kind == .serverReported else { throw error.failure }
      return url.lastComponent
    }
  }

  /// Who asks servers, and shows who we are to one of them alone, or to none.
  func requester(trusting origin: DownloadURL.Origin?) -> HTTPRequester {
    HTTPRequester(pool: pool, options: options, trusted: origin, onEvent: onEvent)
  }

  /// Where a path is; nothing for a device or a pipe, which are written to as they are.
  private static func place(_ path: String) throws(Failure) -> (folder: Folder, name: String)? {
    var status = stat()
    if ArgumentText.withPath(path, { stat($0, &status) }) == 0 {
      switch status.st_mode & S_IFMT {
      case S_IFDIR: throw Failure(.usage, .isFolder(path))
      case S_IFCHR, S_IFIFO: return nil
      default: break
      }
    }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard let name = parts.last, !name.isEmpty, name != ".", name != "..",
      ArgumentText.bytes(of: String(name)).count <= 255
    else { throw Failure(.usage, .notFileName(path)) }
    let folder = path.dropLast(name.count)
    return (try Folder(path: folder == "/" ? "/" : String(folder.dropLast(folder.isEmpty ? 0 : 1))), String(name))
  }
}
