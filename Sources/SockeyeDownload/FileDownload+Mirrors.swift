internal import NIOCore
internal import SockeyeText
internal import SockeyeTransport

extension FileDownload {
  /// Another connection to where the file is coming from.
  func lane(of session: Session) -> DownloadLane {
    let place = DownloadPlace(url: session.url, requester: requester)
    return DownloadLane(to: place, session.file, isMirror: false, start: downloader.surroundings.now)
  }

  /// Connections to the other places, the first ones.
  func mirrorLanes(atMost most: Int) -> [DownloadLane] {
    guard var known = identity else { return [] }
    known.digest = checksum?.sha256 ?? known.digest
    return mirrors.prefix(max(0, most)).map { place in
      DownloadLane(to: place, known, isMirror: true, start: downloader.surroundings.now)
    }
  }

  /// Fetches one stretch after another. Where there are others who do, nobody waits for one that is dropped.
  func help(_ session: Session, _ lane: DownloadLane) async -> TransferFailure? {
    guard !mirrors.isEmpty else { return await work(session, lane) }
    let (results, result) = AsyncStream<TransferFailure?>.makeStream()
    lane.awaits(by: result)
    let task = Task(executorPreference: downloader.surroundings.taskExecutor) {
      result.yield(await self.work(session, lane))
      result.finish()
    }
    for await result in results { return result }
    task.cancel()
    return dropped(lane, lane.drop(), session.store.pieces)
  }

  /// Gives back what a connection had reserved that is dropped.
  func dropped(_ lane: DownloadLane, _ reserved: Range<UInt64>?, _ pieces: PieceMap) -> TransferFailure {
    if let reserved { pieces.release(reserved: reserved) }
    return TransferFailure(Failure(.timedOut, .slowPlace(lane.place.url)))
  }

  /// Leaves what a slow place keeps back to others.
  func drop(_ lane: DownloadLane, _ session: Session) {
    if let reserved = lane.drop() { session.store.pieces.release(reserved: reserved) }
    downloader.onEvent(.notice(DownloadSentence.slowPlace(lane.place.url).phrase))
  }

  /// Tells why a place helps no more.
  func tell(_ problem: TransferFailure, of lane: DownloadLane) {
    guard lane.isMirror, !lane.isDropped, !Task.isCancelled else { return }
    downloader.onEvent(.notice(DownloadSentence.placeLeft(problem.failure.phrase).phrase))
  }
}
