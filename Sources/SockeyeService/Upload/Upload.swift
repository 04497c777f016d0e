import Glibc
import NIOCore
import SockeyeTransport

/// One file that is being received.
///
/// It grows under a hidden name beside its place and takes its own name only when it is whole and on the disk, and only if
/// nothing has that name. What an interrupted upload has left there can be continued; what a failed one has left is
/// removed.
final class Upload {
  /// How an upload ended.
  enum Outcome: Equatable, Sendable {
    /// The file is in its place, under this name.
    case stored(name: [UInt8])
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

  /// What is to be received.
  struct Plan {
    let path: ResourcePath
    /// The part of the file that the body is, if it is not the whole.
    let range: ContentRange?
    /// The length of the body, if it is known.
    let length: Int64?
    /// The digest that the whole file is to have, if it was announced.
    var digest: FileDigest?
    /// What becomes of a file that stands there.
    var existing = UploadPlace.Existing()

    /// Where the body's bytes begin.
    var first: Int64 { range?.first ?? 0 }

    /// How many bytes the file is known to need yet.
    var needed: Int64 { max(length ?? 0, (range?.total ?? 0) - first) }
  }

  private enum State {
    case receiving
    /// The body is complete; whoever waits is told when it is on the disk.
    case finishing((Outcome) -> Void)
    /// Nothing of this upload is to stay, but so many bytes of what it continued.
    case failed(keeping: Int64)
    /// The client is gone; what it sent may be continued.
    case interrupted
    case over
  }

  private let plan: Plan
  private let place: UploadPlace
  private let area: UploadArea
  private let pool: BlockingThreads
  private let computePool: BlockingThreads
  private let eventLoop: any EventLoop
  private var state = State.receiving
  /// Bytes of the quota that are counted for this upload.
  private var counted: Int64
  /// Bytes of the quota that are still free for bytes to come.
  private var reserved: Int64
  private var size: Int64
  private var received: Int64 = 0
  private var pending = ByteBuffer()
  private var isWriting = false
  private var problem: HTTPStatus?
  /// Called when bytes are wanted again.
  var onRoom: () -> Void = {}

  /// Bytes that wait for the disk before the client is made to wait.
  private static let mostPending = 1 << 20

  private init(_ plan: Plan, place: UploadPlace, counted: Int64, area: UploadArea, worker: ServiceWorker) {
    self.plan = plan
    self.place = place
    self.area = area
    self.counted = counted
    reserved = plan.length ?? 0
    size = plan.first
    eventLoop = worker.eventLoop
    pool = worker.shared.filePool
    computePool = worker.shared.computePool
  }

  // MARK: The beginning

  /// Begins to receive a file. What cannot fit is refused before a byte of it has come, where its length is known.
  ///
  /// - Returns: The upload, or why there will be none.
  static func begin(_ plan: Plan, area: UploadArea, worker: ServiceWorker) -> Result<Upload, UploadPlace.Refusal> {
    let path = plan.path
    guard !path.namesDirectory else { return .failure(.status(.conflict)) }
    guard !path.isHidden else { return .failure(.status(.forbidden)) }
    guard path.name.count <= longestName, isFitForAll(path.name) else { return .failure(.status(.badRequest)) }
    if let range = plan.range, let length = plan.length, length != range.last - range.first + 1 {
      return .failure(.status(.badRequest))
    }
    guard area.claim(path) else { return .failure(.status(.locked)) }
    let kept = area.takeKept(path)
    // Beginning anew gives back what is there.
    let before = plan.first == 0 ? 0 : kept
    do {
      guard area.hasRoom(for: plan.needed - (kept - before)), area.reserve((plan.length ?? 0) - (kept - before)) else {
        throw UploadPlace.Refusal.status(.insufficientStorage)
      }
      do {
        let place = try UploadPlace(
          path,
          first: plan.first,
          needed: plan.needed,
          existing: plan.existing,
          in: worker.shared.directory
        )
        return .success(
          Upload(plan, place: place, counted: before + (plan.length ?? 0), area: area, worker: worker)
        )
      } catch {
        area.settle(path, counted: before + (plan.length ?? 0), stays: kept, isPartial: true)
        area.release(path)
        return .failure(error)
      }
    } catch {
      area.settle(path, counted: kept, stays: kept, isPartial: true)
      area.release(path)
      // That it begins in the wrong place is of more use to a client than that it would not fit.
      let there = plan.first == 0 ? 0 : UploadPlace.partialSize(of: path, in: worker.shared.directory) ?? 0
      return .failure(there == plan.first ? .status(.insufficientStorage) : .wrongOffset(size: there))
    }
  }

  /// The longest name that a file system takes, in bytes.
  static let longestName = 255

  /// Whether a name means the same to every client that may fetch it: no control characters, no backslash, and UTF-8.
  static func isFitForAll(_ name: ArraySlice<UInt8>) -> Bool {
    !name.contains { $0 < 0x20 || $0 == 0x7f || $0 == UInt8(ascii: "\\") }
      && String(validating: name, as: UTF8.self) != nil
  }

  // MARK: Bytes

  /// Takes bytes of the body.
  func receive(_ bytes: ByteBuffer) -> Intake {
    guard case .receiving = state else { return .failed(.internalError) }
    received += Int64(bytes.readableBytes)
    if let range = plan.range, received > range.last - range.first + 1 {
      problem = problem ?? .badRequest
    } else if problem == nil, !count(Int64(bytes.readableBytes)) {
      problem = .insufficientStorage
    }
    if let problem {
      leave(as: .failed(keeping: plan.first))
      return .failed(problem)
    }
    pending.writeImmutableBuffer(bytes)
    writePending()
    return pending.readableBytes > Self.mostPending ? .enough : .wanted
  }

  /// Counts bytes against the quota, unless they were counted before they came.
  private func count(_ bytes: Int64) -> Bool {
    let uncounted = bytes - min(bytes, reserved)
    guard area.reserve(uncounted) else { return false }
    reserved -= bytes - uncounted
    counted += uncounted
    return true
  }

  private func writePending() {
    guard !self.isWriting, pending.readableBytes > 0 else { return }
    isWriting = true
    let bytes = pending
    pending = ByteBuffer()
    let offset = size
    size += Int64(bytes.readableBytes)
    pool.run(on: eventLoop) { [place] in
      bytes.withUnsafeReadableBytes { place.write($0, at: offset) }
    }.assumeIsolated().whenComplete { result in self.wrote(result) }
  }

  private func wrote(_ result: Result<CInt, any Error>) {
    isWriting = false
    switch result {
    case .success(0): break
    case .success(ENOSPC), .success(EDQUOT), .success(EFBIG): problem = problem ?? .insufficientStorage
    default: problem = problem ?? .internalError
    }
    switch state {
    case .receiving:
      writePending()
      if pending.readableBytes < Self.mostPending / 4 { onRoom() }
    case .finishing:
      writePending()
      finishIfWritten()
    case .failed, .interrupted: close()
    case .over: break
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
    if problem == nil, let range = plan.range, received != range.last - range.first + 1 { problem = .badRequest }
    if let problem {
      leave(as: .failed(keeping: plan.first))
      return body(.refused(problem))
    }
    if let range = plan.range, range.total != range.last + 1 {
      leave(as: .interrupted)
      return body(.partial(size: size))
    }
    isWriting = true
    let pool = plan.digest == nil ? self.pool : computePool
    pool.run(on: eventLoop) { [place, digest = plan.digest] in place.publish(requiring: digest) }.assumeIsolated()
      .whenComplete { result in
        self.isWriting = false
        guard case .success(.published(let name)) = result else {
          // What a wrong digest was continued from may be what is wrong.
          let isWrong = if case .success(.otherDigest) = result { true } else { false }
          self.leave(as: .failed(keeping: isWrong ? 0 : self.plan.first))
          return body(.refused(Self.status(of: result)))
        }
        self.state = .over
        self.area.settle(self.plan.path, counted: self.counted, stays: self.size, isPartial: false)
        self.place.close()
        self.area.release(self.plan.path)
        body(.stored(name: name))
      }
  }

  private static func status(of result: Result<UploadPlace.Publication, any Error>) -> HTTPStatus {
    switch result {
    case .success(.nameTaken): .conflict
    case .success(.changed): .preconditionFailed
    case .success(.otherDigest): .unprocessableContent
    case .success(.failed(ENOSPC)), .success(.failed(EDQUOT)): .insufficientStorage
    default: .internalError
    }
  }

  /// The client is gone. What it sent stays, to be continued.
  func connectionEnded() {
    guard case .receiving = state else { return }
    leave(as: .interrupted)
  }

  /// The rest of the body is none. Nothing of it stays.
  func fail() {
    guard case .receiving = state else { return }
    leave(as: .failed(keeping: plan.first))
  }

  private func leave(as state: State) {
    self.state = state
    pending = ByteBuffer()
    if !isWriting { close() }
  }

  private func close() {
    if case .failed(let kept) = state {
      undo(to: kept)
    } else if size == 0 {
      // Of an upload that brought nothing nothing stays either.
      undo(to: 0)
    }
    state = .over
    place.close()
    area.settle(plan.path, counted: counted, stays: size, isPartial: true)
    area.release(plan.path)
  }

  private func undo(to kept: Int64) {
    place.undo(to: kept)
    size = kept
  }
}
