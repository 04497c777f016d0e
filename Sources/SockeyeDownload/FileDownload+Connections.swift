internal import NIOCore
internal import SockeyeTransport

extension FileDownload {
  private enum End: Sendable {
    case helper(DownloadLane, TransferFailure?)
    case tick
  }

  /// Fetches all that is left, over the connection whose answer has come and over others that help.
  ///
  /// The first connection goes on until it meets what another has claimed. One that fails, or gets an answer that doesn't
  /// fit, is let go, since the server may not want so many; the others go on, and fetch what it left. Where other places have
  /// the file, the others are connections to those, and what the slow ones keep back at the end goes to the fast ones.
  func fetchAll(_ answer: HTTPRequester.Answer, _ plan: StorePlan) async throws(TransferFailure) {
    guard let session else { return }
    let fixed: Int?
    switch options.connections {
    case .fixed(let count): fixed = max(1, min(16, count))
    case .automatic: fixed = options.bytesPerSecond == nil ? nil : 1
    }
    // Where nothing could prove that two parts are of one file, one connection is all.
    let maySplit =
      session.file.acceptsRanges && session.file.size != nil && session.file.validator != nil
      && (session.store.pieces.unclaimed ?? 0) > session.stride

    let failure: TransferFailure? = await withTaskGroup(of: End.self) { group in
      var planner = ConnectionPlanner(bytes: session.store.received)
      var lastLook = downloader.surroundings.now
      var working = 1
      var failure: TransferFailure?
      let progress = downloader.progress
      let leader = lane(of: session)
      var crew = DownloadCrew(leader)
      func add(_ lane: DownloadLane) {
        crew.add(lane)
        group.addTask { .helper(lane, await self.help(session, lane)) }
        working += 1
      }

      group.addTask { .helper(leader, await self.lead(answer, plan, session, leader)) }
      let helpers = maySplit ? mirrorLanes(atMost: (fixed ?? ConnectionPlanner.most) - 1) : []
      for lane in helpers { add(lane) }
      if maySplit, let fixed {
        for _ in 1 + helpers.count..<max(fixed, 1 + helpers.count) { add(lane(of: session)) }
      }
      if maySplit, fixed == nil || !helpers.isEmpty { group.addTask { await self.tick() } }
      progress.setConnections(working)

      for await end in group {
        switch end {
        case .tick:
          let now = downloader.surroundings.now
          let seconds = Double((now - lastLook).nanoseconds) / 1e9
          lastLook = now
          if !helpers.isEmpty {
            for lane in crew.tooSlow(now) { drop(lane, session) }
          } else if let unclaimed = session.store.pieces.unclaimed,
            planner.look(bytes: session.store.received, seconds: seconds, unclaimed: unclaimed)
          {
            add(lane(of: session))
            downloader.onEvent(.connectionAdded(count: working))
          }
          group.addTask { await self.tick() }
        case .helper(let lane, let problem):
          working -= 1
          crew.ended(lane, downloader.surroundings.now, isWell: problem == nil)
          guard let problem else { break }
          planner.lostOne()
          failure = lane === leader ? problem : failure ?? problem
          tell(problem, of: lane)
          // What one that failed has left is for one that has come to its end already.
          if !helpers.isEmpty, (session.store.pieces.unclaimed ?? 0) > 0, let best = crew.takeBest() { add(best) }
        }
        if failure?.failure.kind == .localFile { group.cancelAll() }
        progress.setConnections(working)
        if working == 0 { break }
      }
      group.cancelAll()
      isHelped = isHelped || helpers.contains { $0.bytes > 0 }
      return failure
    }
    if let failure, !session.store.pieces.isComplete { throw failure }
  }

  private func tick() async -> End {
    try? await downloader.surroundings.sleep(for: ConnectionPlanner.period)
    return .tick
  }

  /// Reads the first answer, then helps with what is left.
  private func lead(
    _ answer: HTTPRequester.Answer,
    _ plan: StorePlan,
    _ session: Session,
    _ lane: DownloadLane
  ) async -> TransferFailure? {
    var plan = plan
    plan.lane = lane
    _ = lane.receives(answer.connection)
    do throws(Failure) {
      let outcome = try await answer.connection.receive(.store(session.store, plan))
      if plan.end == nil { session.store.pieces.setSize(plan.claim.lowerBound + outcome.stored) }
      await downloader.pool.giveBack(answer.connection)
    } catch {
      return TransferFailure(error)
    }
    lane.end()
    return session.file.size == nil ? nil : await help(session, lane)
  }

  /// Fetches one stretch after another until nobody has anything left to do.
  func work(_ session: Session, _ lane: DownloadLane) async -> TransferFailure? {
    let pieces = session.store.pieces
    while !Task.isCancelled, let range = pieces.reserve(session.stride) {
      do throws(TransferFailure) {
        try await fetch(range, session, lane)
      } catch {
        return error
      }
    }
    return nil
  }

  /// Fetches a stretch that is reserved, unless another connection has it by the time that its answer comes.
  private func fetch(
    _ range: Range<UInt64>,
    _ session: Session,
    _ lane: DownloadLane
  ) async throws(TransferFailure) {
    let pieces = session.store.pieces
    guard lane.begin(range) else { throw dropped(lane, range, pieces) }
    let request = LaterResponse.Request.range(from: range.lowerBound, to: range.upperBound)
    let answer: HTTPRequester.Answer
    let end: UInt64
    do throws(TransferFailure) {
      answer = try await lane.ask(for: request)
      end = try lane.end(ofPart: answer, request)
    } catch {
      if !lane.isDropped { pieces.release(reserved: range) }
      throw error
    }
    guard lane.receives(answer.connection) else {
      answer.connection.close()
      throw dropped(lane, nil, pieces)
    }
    defer { lane.end() }
    guard let claim = pieces.claim(reserved: range) else { return answer.connection.close() }
    var plan = StorePlan(claim: claim, end: end, stride: session.stride, limiter: downloader.limiter)
    plan.lane = lane
    do throws(Failure) {
      _ = try await answer.connection.receive(.store(session.store, plan))
    } catch {
      throw TransferFailure(error)
    }
    await downloader.pool.giveBack(answer.connection)
  }
}
