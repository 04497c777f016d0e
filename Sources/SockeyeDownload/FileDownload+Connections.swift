internal import NIOCore
internal import SockeyeTransport

extension FileDownload {
  private enum End: Sendable {
    case leader(Result<Void, TransferFailure>)
    case helper(Result<Void, TransferFailure>)
    case tick
  }

  /// Fetches all that is left, over the connection whose answer has come and over others that help.
  ///
  /// The first connection goes on until it meets what another has claimed. If it fails, so does the attempt, and what
  /// all of them have brought stays. A helper that fails is let go, since the server may not want so many.
  func fetchAll(_ answer: HTTPRequester.Answer, _ plan: StorePlan) async throws(TransferFailure) {
    guard let session = self.session else { return }
    let fixed: Int?
    switch options.connections {
    case .fixed(let count): fixed = max(1, min(16, count))
    case .automatic: fixed = options.bytesPerSecond == nil ? nil : 1
    }
    let maySplit =
      session.representation.acceptsRanges && session.hasLength && session.representation.validator != nil
      && (session.store.pieces.unclaimed ?? 0) > session.stride

    let failure: TransferFailure? = await withTaskGroup(of: End.self) { group in
      var planner = ConnectionPlanner(bytes: session.store.received)
      var lastLook = ContinuousClock.now
      var working = 1
      var failure: TransferFailure?
      let progress = downloader.progress

      group.addTask { .leader(await self.lead(answer, plan, session)) }
      if maySplit, let fixed {
        for _ in 1..<fixed { group.addTask { .helper(await self.work(session)) } }
        working = fixed
      } else if maySplit {
        group.addTask { await Self.tick() }
      }
      progress.setConnections(working)

      for await end in group {
        switch end {
        case .tick where failure == nil:
          let now = ContinuousClock.now
          let seconds = lastLook.duration(to: now) / .seconds(1)
          lastLook = now
          if let unclaimed = session.store.pieces.unclaimed,
            planner.look(bytes: session.store.received, seconds: seconds, unclaimed: unclaimed)
          {
            group.addTask { .helper(await self.work(session)) }
            working += 1
            downloader.onEvent(.connectionAdded(count: working))
          }
          group.addTask { await Self.tick() }
        case .tick: break
        case .leader(let result):
          working -= 1
          if case .failure(let problem) = result {
            failure = failure ?? problem
            group.cancelAll()
          }
        case .helper(let result):
          working -= 1
          guard case .failure(let problem) = result else { break }
          if problem.restartReason == nil {
            planner.lostOne()
          } else {
            failure = failure ?? problem
            group.cancelAll()
          }
        }
        progress.setConnections(working)
        if working == 0 { break }
      }
      group.cancelAll()
      return failure
    }
    if let failure { throw failure }
  }

  private static func tick() async -> End {
    try? await Task.sleep(for: ConnectionPlanner.period)
    return .tick
  }

  /// Reads the first answer, then helps with what is left.
  private func lead(
    _ answer: HTTPRequester.Answer,
    _ plan: StorePlan,
    _ session: Session
  ) async -> Result<Void, TransferFailure> {
    do throws(Failure) {
      let outcome = try await answer.connection.receive(.store(session.store, plan))
      if plan.end == nil {
        session.store.pieces.setSize(plan.claim.lowerBound + outcome.stored)
      }
      await downloader.pool.giveBack(answer.connection)
    } catch {
      return .failure(TransferFailure(error))
    }
    guard session.hasLength else { return .success(()) }
    return await work(session)
  }

  /// Fetches one stretch after another until nobody has anything left to do.
  private func work(_ session: Session) async -> Result<Void, TransferFailure> {
    let pieces = session.store.pieces
    while !Task.isCancelled, let claim = pieces.claim(session.stride) {
      do throws(TransferFailure) {
        try await fetch(claim, session)
      } catch {
        return .failure(error)
      }
    }
    return .success(())
  }

  private func fetch(_ claim: Range<UInt64>, _ session: Session) async throws(TransferFailure) {
    let answer: HTTPRequester.Answer
    do throws(TransferFailure) {
      let question = HTTPRequester.Question(
        range: (claim.lowerBound, claim.upperBound),
        validator: session.representation.validator
      )
      answer = try await requester.ask(question, of: session.url)
    } catch {
      session.store.pieces.release(claim)
      throw error
    }
    let end: UInt64
    do throws(TransferFailure) {
      end = try Self.check(partial: answer, offset: claim.lowerBound, end: claim.upperBound, session: session)
    } catch {
      session.store.pieces.release(claim)
      answer.connection.close()
      throw error
    }
    let plan = StorePlan(claim: claim, end: end, stride: session.stride, limiter: downloader.limiter)
    do throws(Failure) {
      _ = try await answer.connection.receive(.store(session.store, plan))
    } catch {
      throw TransferFailure(error)
    }
    await downloader.pool.giveBack(answer.connection)
  }
}
