internal import NIOCore
internal import NIOHTTP1
internal import SockeyeText
internal import SockeyeTransport
internal import Synchronization

/// A place that is said to have a file.
struct DownloadPlace: Sendable {
  var url: DownloadURL
  /// Who asks there.
  var requester: HTTPRequester
}

/// One of the connections that share a file: where it leads, what the file is there, and how much has come over it.
final class DownloadLane: Sendable {
  private enum Activity {
    case none
    /// Bytes are asked for, which are reserved.
    case asking(Range<UInt64>)
    case receiving(HTTPConnection)
  }

  private struct State {
    /// What the file is there. Another place's is fixed by its first answer.
    var file: FileIdentity?
    var activity = Activity.none
    var isDropped = false
    /// Ended when it is dropped while it waits for an answer: a connection that is being made can't be called back.
    var waiting: AsyncStream<TransferFailure?>.Continuation?
  }

  let place: DownloadPlace
  let isMirror: Bool
  let start: NIODeadline
  /// What is known of the file from elsewhere.
  private let known: FileIdentity
  private let state: Mutex<State>
  private let count = Atomic<UInt64>(0)

  /// - Parameters:
  ///   - known: What the file is.
  ///   - isMirror: Whether it leads to another place than the one that said so.
  ///   - start: The time.
  init(to place: DownloadPlace, _ known: FileIdentity, isMirror: Bool, start: NIODeadline) {
    self.place = place
    self.known = known
    self.isMirror = isMirror
    self.start = start
    state = Mutex(State(file: isMirror ? nil : known))
  }

  /// Bytes that have come.
  var bytes: UInt64 { count.load(ordering: .relaxed) }

  func add(_ bytes: Int) { count.add(UInt64(bytes), ordering: .relaxed) }

  /// Whether nothing more is wanted of it.
  var isDropped: Bool { state.withLock { $0.isDropped } }

  /// Somebody waits for it, until it is dropped while it waits itself.
  func awaits(by waiting: AsyncStream<TransferFailure?>.Continuation) { state.withLock { $0.waiting = waiting } }

  /// What is reserved is about to be asked for.
  ///
  /// - Returns: Whether it is still wanted.
  func begin(_ reserved: Range<UInt64>) -> Bool {
    state.withLock { state in
      guard !state.isDropped else { return false }
      state.activity = .asking(reserved)
      return true
    }
  }

  /// The answer has come.
  ///
  /// - Returns: Whether it is still wanted.
  func receives(_ connection: HTTPConnection) -> Bool {
    state.withLock { state in
      guard !state.isDropped else { return false }
      state.activity = .receiving(connection)
      return true
    }
  }

  /// What was asked for has come.
  func end() { state.withLock { $0.activity = .none } }

  /// Ends what it is at.
  ///
  /// - Returns: What it had reserved, and will not come over it.
  func drop() -> Range<UInt64>? {
    state.withLock { state in
      state.isDropped = true
      switch state.activity {
      case .none: state.waiting?.finish()
      // Its end comes soon, once what it claimed is given back.
      case .receiving(let connection): connection.close()
      case .asking(let reserved):
        state.activity = .none
        state.waiting?.finish()
        return reserved
      }
      return nil
    }
  }

  /// Asks for a part, by the validator of the place itself.
  func ask(for request: LaterResponse.Request) async throws(TransferFailure) -> HTTPRequester.Answer {
    let validator = state.withLock { $0.file?.validator }
    return try await place.requester.ask(.init(request: request, validator: validator), of: place.url)
  }

  /// Where an answer ends, if it fits; whatever else it is, the other connections go on.
  func end(ofPart answer: HTTPRequester.Answer, _ request: LaterResponse.Request) throws(TransferFailure) -> UInt64 {
    let file = state.withLock { $0.file } ?? mirrored(answer)
    guard let file else {
      answer.connection.close()
      throw TransferFailure(Failure(.integrity, .otherFileThere(answer.url)), remedy: .none)
    }
    switch answer.response.judge(by: file, request: request) {
    case .accept(let bytes, _):
      state.withLock { $0.file = file }
      return bytes.upperBound
    case .drop(let failure), .giveUp(let failure):
      answer.connection.close()
      throw TransferFailure(failure)
    case .replace(let reason), .startOver(let reason):
      answer.connection.close()
      throw TransferFailure(Failure(.integrity, .because(answer.url, reason)))
    }
  }

  /// What the file is at another place, by its first answer: as long, in the same coding, and with no other digest.
  private func mirrored(_ answer: HTTPRequester.Answer) -> FileIdentity? {
    let range = answer.head.headers.first(name: "Content-Range").flatMap { ReceivedRange($0) }
    let file = FileIdentity(answer.head, size: range?.size)
    let isOther = file.digest != nil && known.digest != nil && file.digest != known.digest
    return file.size != nil && file.size == known.size && file.coding == known.coding && !isOther ? file : nil
  }
}
