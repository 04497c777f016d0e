internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport

extension FolderDownload {
  /// What lies in a folder: as a file service tells it, or else as the server's page or its JSON has it, or else as WebDAV does.
  func list(_ url: DownloadURL) async throws(Failure) -> FolderListing {
    do throws(Failure) {
      return try await listByPage(url)
    } catch {
      // A server that lists nothing may speak WebDAV; what it says then to who asks so is of no more use than what it said before.
      guard error.kind == .serverReported || error.kind == .peerProtocol, !Task.isCancelled,
        let listing = try? await listByProperties(url)
      else { throw error }
      return listing
    }
  }

  private func listByPage(_ url: DownloadURL) async throws(Failure) -> FolderListing {
    let question = HTTPRequester.Question(accept: "application/json, text/html;q=0.5, */*;q=0.1")
    let (body, place) = try await answer(to: question, from: url.with(query: "json"))
    guard let listing = FolderListing(body, in: place.asFolder, most: limits.entries + 1) else {
      throw Failure(.peerProtocol, .noListing(url))
    }
    return listing
  }

  /// RFC 4918, section 9.1: the folder and what lies directly in it.
  private func listByProperties(_ url: DownloadURL) async throws(Failure) -> FolderListing {
    let question = HTTPRequester.Question(method: .PROPFIND, accept: "application/xml, text/xml")
    let (body, place) = try await answer(to: question, from: url.asFolder)
    do throws(XMLReader.Malformed) {
      let entries = try PropertyListing.entries(body, in: place.asFolder, most: limits.entries + 1)
      return FolderListing(v: 1, entries: entries)
    } catch {
      throw Failure(.peerProtocol, .noListing(url))
    }
  }

  private func answer(
    to question: HTTPRequester.Question,
    from url: DownloadURL
  ) async throws(Failure) -> (body: [UInt8], from: DownloadURL) {
    let requester = downloader.requester(trusting: url.origin)
    do throws(TransferFailure) {
      let answer = try await requester.ask(question, of: url)
      let isExpected = answer.head.status == (question.method == .PROPFIND ? .multiStatus : .ok)
      guard isExpected else {
        answer.connection.close()
        throw TransferFailure(Failure(.peerProtocol, .noListing(url)))
      }
      let outcome: BodyOutcome
      do throws(Failure) {
        outcome = try await answer.connection.receive(.collect(limit: limits.listing))
      } catch {
        throw TransferFailure(error)
      }
      await downloader.pool.giveBack(answer.connection)
      return (Array(outcome.body.readableBytesView), answer.url)
    } catch {
      throw error.failure
    }
  }
}

extension FolderListing {
  /// What another server than the file service says of an entry: nginx and caddy have such lists.
  private struct Foreign: Decodable {
    var name: String
    var type: String?
    var isFolder: Bool?
    var size: UInt64?

    private enum CodingKeys: String, CodingKey {
      case name, type, size
      case isFolder = "is_dir"
    }
  }

  /// Reads a listing in whichever of the forms that are known.
  init?(_ body: [UInt8], in folder: DownloadURL, most: Int) {
    switch body.first(where: { $0 > 0x20 }) {
    case UInt8(ascii: "{"):
      guard let listing = try? JSONDecoder().decode(FolderListing.self, from: Data(body)), listing.v == 1 else {
        return nil
      }
      self = listing
    case UInt8(ascii: "["):
      guard let list = try? JSONDecoder().decode([Foreign].self, from: Data(body)) else { return nil }
      self.init(v: 1, entries: list.prefix(most).map(Self.entry))
    case UInt8(ascii: "<"), 0xef:
      guard let links = PageListing.links(body, in: folder, most: most) else { return nil }
      self.init(v: 1, entries: links.map { Entry($0) })
    default: return nil
    }
  }

  private static func entry(_ foreign: Foreign) -> Entry {
    let isFolder = foreign.isFolder ?? (foreign.type == "directory")
    // Caddy marks folders in their names, too.
    let name = isFolder && foreign.name.hasSuffix("/") ? String(foreign.name.dropLast()) : foreign.name
    return Entry(
      name: name,
      href: nil,
      type: isFolder ? .directory : .file,
      size: isFolder ? nil : foreign.size,
      modified: nil
    )
  }
}
