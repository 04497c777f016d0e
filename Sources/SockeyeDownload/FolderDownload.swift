internal import FoundationEssentials
internal import NIOCore
public import SockeyeTransport

/// A folder as the file service lists it, for `?json`.
struct FolderListing: Decodable, Sendable {
  struct Entry: Decodable, Sendable {
    enum Kind: String, Decodable, Sendable {
      case file
      case directory
    }

    var name: String
    /// The name as a relative reference, which is exact also where the name isn't valid UTF-8.
    var href: String?
    var type: Kind
    var size: UInt64?

    /// The name's bytes. That they name nothing but a child of the folder is for whoever uses them to check.
    var bytes: [UInt8] {
      guard let href = self.href else { return Array(self.name.utf8) }
      return DownloadURL.percentDecode(href.hasSuffix("/") ? href.dropLast() : href[...])
    }
  }

  var v: Int
  var entries: [Entry]
}

/// What came of a folder.
public struct FolderReport: Hashable, Sendable {
  /// Files that are there now because of this run.
  public var downloaded = 0
  /// Files that were left out because their names were taken.
  public var skipped = 0
  /// Files and folders that failed.
  public var failed = 0
  /// Bytes of the files downloaded.
  public var bytes: UInt64 = 0
}

extension Downloader {
  /// No folder lies deeper: a server may invent them without end.
  private static let deepest = 64
  /// No listing is longer, in bytes.
  private static let longestListing = 64 << 20
  /// No more files and folders than these.
  private static let mostEntries = 1_000_000

  /// Downloads everything in a folder of a file service, and in those inside it.
  ///
  /// One file that fails doesn't keep the others from being downloaded.
  ///
  /// - Throws: The first failure, once everything has been tried.
  @discardableResult
  public func downloadFolder(_ url: DownloadURL) async throws(Failure) -> FolderReport {
    guard url.scheme != .tcp else {
      throw Failure(.usage, "\(url): the bare-name protocol has no listings; --recursive is for http:// and https://")
    }
    let path = options.folder
    let base = try await threads.disk.run { () throws(Failure) in try Folder(path: path, creates: true) }
    var root = base
    var rootURL = url
    let name = url.path.split(separator: "/").last.map { DownloadURL.percentDecode($0) }
    if let name { root = try await makeFolder(name, in: base) }
    if !url.path.hasSuffix("/") { rootURL = try url.resolving(url.path + "/") }

    var waiting: [(url: DownloadURL, folder: Folder, depth: Int)] = [(rootURL, root, 0)]
    var report = FolderReport()
    var first: Failure?
    var entries = 0
    while let next = waiting.popLast() {
      do throws(Failure) {
        let listing = try await list(next.url)
        entries += listing.entries.count
        guard entries <= Self.mostEntries else {
          throw Failure(.peerProtocol, "\(next.url): more than \(Self.mostEntries) files; take its folders one by one")
        }
        for entry in listing.entries {
          let bytes = entry.bytes
          let entryURL = next.url.appending(bytes, isFolder: entry.type == .directory)
          do throws(Failure) {
            switch entry.type {
            case .directory:
              guard next.depth < Self.deepest else {
                throw Failure(
                  .peerProtocol,
                  "\(entryURL): folders lie more than \(Self.deepest) deep; take it by itself"
                )
              }
              waiting.append((entryURL, try await makeFolder(bytes, in: next.folder), next.depth + 1))
            case .file:
              let name = try safeName(bytes)
              guard let file = try await download(entryURL, into: next.folder, name: name.text) else {
                report.skipped += 1
                continue
              }
              report.downloaded += 1
              report.bytes += file.size
            }
          } catch {
            if Task.isCancelled { throw error }
            first = first ?? error
            report.failed += 1
            onEvent(.failed(url: entryURL, failure: error))
          }
        }
      } catch {
        if Task.isCancelled || next.depth == 0 { throw error }
        first = first ?? error
        report.failed += 1
        onEvent(.failed(url: next.url, failure: error))
      }
    }
    if let first {
      throw Failure(first.kind, "\(url): \(report.failed) of its files failed, the first with: \(first)")
    }
    return report
  }

  private func safeName(_ bytes: [UInt8]) throws(Failure) -> LocalName {
    let name = try LocalName(bytes)
    if name.isChanged { onEvent(.renamed(from: String(decoding: bytes, as: UTF8.self), to: name.text)) }
    return name
  }

  private func makeFolder(_ bytes: [UInt8], in parent: Folder) async throws(Failure) -> Folder {
    let name = try safeName(bytes)
    return try await threads.disk.run { () throws(Failure) in try Folder(name, in: parent) }
  }

  private func list(_ url: DownloadURL) async throws(Failure) -> FolderListing {
    let requester = self.requester(for: url)
    let question = HTTPRequester.Question(accept: "application/json")
    do throws(TransferFailure) {
      let answer = try await requester.ask(question, of: url.with(query: "json"))
      let outcome: BodyOutcome
      do throws(Failure) {
        outcome = try await answer.connection.receive(.collect(limit: Self.longestListing))
      } catch {
        throw TransferFailure(error)
      }
      await pool.giveBack(answer.connection)
      let bytes = Data(outcome.body.readableBytesView)
      guard let listing = try? JSONDecoder().decode(FolderListing.self, from: bytes), listing.v == 1 else {
        throw TransferFailure(
          Failure(.peerProtocol, "\(url): the server doesn't list its folders as 'sockeye serve' does; name the files")
        )
      }
      return listing
    } catch {
      throw error.failure
    }
  }
}
