internal import NIOCore
internal import SockeyeTransport

extension FileDownload {
  private enum End: Sendable {
    case leader(TransferFailure?)
    case helper(TransferFailure?)
    case tick
  }

  /// Fetches all that is left, over the connection whose answer has come and over others that help.
  ///
  /// The first connection goes on until it meets what another has claimed. One that fails, or gets an answer that doesn't
  /// fit, is let go, since the server may not want so many; the others go on, and fetch what it left.
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

      group.addTask { .leader(await self.lead(answer, plan, session)) }
      if maySplit, let fixed {
        for _ in 1..<fixed { group.addTask { .helper(await self.work(session)) } }
        working = fixed
      } else if maySplit {
        group.addTask { await self.tick() }
      }
      progress.setConnections(working)

      for await end in group {
        switch end {
        case .tick:
          let now = downloader.surroundings.now
          let seconds = Double((now - lastLook).nanoseconds) / 1e9
          lastLook = now
          if let unclaimed = session.store.pieces.unclaimed,
            planner.look(bytes: session.store.received, seconds: seconds, unclaimed: unclaimed)
          {
            group.addTask { .helper(await self.work(session)) }
            working += 1
            downloader.onEvent(.connectionAdded(count: working))
          }
          group.addTask { await self.tick() }
        case .leader(let problem):
          working -= 1
          guard let problem else { break }
          planner.lostOne()
          failure = problem
        case .helper(let problem):
          working -= 1
          guard let problem else { break }
          planner.lostOne()
          failure = failure ?? problem
        }
        if failure?.failure.kind == .localFile { group.cancelAll() }
        progress.setConnections(working)
        if working == 0 { break }
      }
      group.cancelAll()
      return failure
    }
    if let failure, !session.store.pieces.isComplete { throw failure }
  }

  private func tick() async -> End {
    try? await downloader.surroundings.sleep(for: ConnectionPlanner.period)
    return .tick
  }

  /// Reads the first answer, then helps with what is left.
  private func lead(_ answer: HTTPRequester.Answer, _ plan: StorePlan, _ session: Session) async -> TransferFailure? {
    do throws(Failure) {
      let outcome = try await answer.connection.receive(.store(session.store, plan))
      if plan.end == nil { session.store.pieces.setSize(plan.claim.lowerBound + outcome.stored) }
      await downloader.pool.giveBack(answer.connection)
    } catch {
      return TransferFailure(error)
    }
    return session.file.size == nil ? nil : await work(session)
  }

  /// Fetches one stretch after another until nobody has anything left to do.
  private func work(_ session: Session) async -> TransferFailure? {
    let pieces = session.store.pieces
    while !Task.isCancelled, let range = pieces.reserve(session.stride) {
      do throws(TransferFailure) {
        try await fetch(range, session)
      } catch {
        return error
      }
    }
    return nil
  }

  /// Fetches a stretch that is reserved, unless another connection has it by the time that its answer comes.
  private func fetch(_ range: Range<UInt64>, _ session: Session) async throws(TransferFailure) {
    let request = LaterResponse.Request.range(from: range.lowerBound, to: range.upperBound)
    let answer: HTTPRequester.Answer
    let end: UInt64
    do throws(TransferFailure) {
      answer = try await requester.ask(.init(request: request, validator: session.file.validator), of: session.url)
      end = try Self.end(ofPart: answer, request, session)
    } catch {
      session.store.pieces.release(reserved: range)
      throw error
    }
    guard let claim = session.store.pieces.claim(reserved: range) else { return answer.connection.close() }
    let plan = StorePlan(claim: claim, end: end, stride: session.stride, limiter: downloader.limiter)
    do throws(Failure) {
      _ = try await answer.connection.receive(.store(session.store, plan))
    } catch {
      throw TransferFailure(error)
    }
    await downloader.pool.giveBack(answer.connection)
  }

  /// Where an answer to an extra connection ends, if it fits; whatever else it is, the live connection goes on.
  private static func end(
    ofPart answer: HTTPRequester.Answer,
    _ request: LaterResponse.Request,
    _ session: Session
  ) throws(TransferFailure) -> UInt64 {
    switch answer.response.judge(by: session.file, request: request) {
    case .accept(let bytes, _): return bytes.upperBound
    case .drop(let failure), .giveUp(let failure):
      answer.connection.close()
      throw TransferFailure(failure)
    case .replace(let reason), .startOver(let reason):
      answer.connection.close()
      throw TransferFailure(Failure(.integrity, .because(answer.url, reason)))
    }
  }
}
