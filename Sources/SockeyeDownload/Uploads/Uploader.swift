internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import SockeyeText
public import SockeyeTransport

/// Puts files on servers so that none is ever half there: what was interrupted is continued where the server keeps it, and
/// what arrived is held against what was sent.
///
/// One uploader may send many files; connections are kept between them. End it with ``shutdown()``.
public final class Uploader: Sendable {
  let options: DownloadOptions
  let pool: HTTPConnectionPool
  let threads: DownloadThreads
  let surroundings: Surroundings
  let progress: DownloadProgress
  let onEvent: @Sendable (UploadEvent) -> Void
  private let limiter: RateLimiter?

  /// - Parameters:
  ///   - transport: Whose TCP to use.
  ///   - options: How to connect, to try again, and what to do where a name is taken; what is about files that come is
  ///     of no meaning here.
  ///   - progress: Where to keep how far it is.
  ///   - onEvent: Told what happens, from any thread.
  public init(
    transport: Transport,
    options: DownloadOptions,
    progress: DownloadProgress = DownloadProgress(),
    onEvent: @escaping @Sendable (UploadEvent) -> Void = { _ in }
  ) {
    self.options = options
    surroundings = transport.surroundings
    threads = DownloadThreads(surroundings)
    limiter = options.bytesPerSecond.map { RateLimiter(bytesPerSecond: $0) }
    pool = HTTPConnectionPool(transport: transport, options: options, readSize: 64 << 10)
    self.progress = progress
    self.onEvent = onEvent
  }

  /// Closes the connections and ends the threads.
  public func shutdown() async {
    pool.closeAll()
    await threads.shutdown()
  }

  /// Uploads a file, or what comes from standard input where the path is `-`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - url: Where it goes. One that ends in a slash is a folder, in which it gets its own name.
  /// - Returns: What came of it; nothing if what is there was left as it is.
  /// - Throws: A failure of any kind but `expectationUnmet`.
  @discardableResult
  public func upload(_ path: String, to url: DownloadURL) async throws(Failure) -> UploadReport? {
    guard url.scheme != .tcp else { throw Failure(.usage, .noBareName(url)) }
    var url = url
    if url.path.hasSuffix("/") {
      guard path != "-" else { throw Failure(.usage, .needsName(url)) }
      url = url.appending(Self.lastName(of: path), isFolder: false)
    }
    let source = try await threads.disk.run { () throws(Failure) in
      path == "-" ? UploadSource(reading: STDIN_FILENO, named: "-") : try UploadSource(path: path)
    }
    return try await upload(source, to: url)
  }

  func upload(_ source: UploadSource, to url: DownloadURL) async throws(Failure) -> UploadReport? {
    let upload = FileUpload(source, to: url, by: self)
    let result: Result<UploadReport?, Failure> = await withTaskCancellationHandler {
      do throws(Failure) { return .success(try await upload.run()) } catch { return .failure(error) }
    } onCancel: {
      source.cancel()
    }
    return try result.get()
  }

  /// The body of a request that sends a source from a byte on.
  ///
  /// - Parameter onSent: Told how many bytes a connection has taken, each time.
  func body(_ source: UploadSource, from offset: UInt64, onSent: @escaping @Sendable (Int) -> Void) -> RequestBody {
    progress.begin(file: source.name, completed: offset, total: source.size)
    return RequestBody(source, from: offset, threads: threads.disk, limiter: limiter) { [progress] count in
      progress.add(count)
      onSent(count)
    }
  }

  /// The failure of a folder that was named where files are.
  public static func needsRecursion(_ path: String) -> Failure { Failure(.usage, .folderNeedsFlag(path)) }

  /// The last name of a path, as bytes.
  static func lastName(of path: String) -> [UInt8] {
    ArgumentText.bytes(of: path).split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? []
  }
}
