// Selective acknowledgments (RFC 2018), what they say twice (RFC 2883), and what they must not be believed.
extension LossRecovery {
  /// Takes in the SACK blocks of an acknowledgment whose cumulative part has been taken in.
  mutating func takeSelective(
    _ blocks: SelectiveAcknowledgments,
    _ digest: inout AcknowledgmentDigest
  ) {
    var index = 0
    if isDuplicateReport(blocks) {
      takeDuplicateReport(blocks[0], &digest)
      index = 1
    }
    var accepted = KnownBlocks()
    while index < blocks.count {
      let block = blocks[index]
      index += 1
      // A block beyond SND.NXT speaks of data that was never sent: it lies, or is from another connection.
      // One below SND.UNA is old. Neither says anything.
      guard block.upperBound <= scoreboard.end, block.upperBound > scoreboard.start else { continue }
      let start = max(block.lowerBound, scoreboard.start)
      let position = markDelivered(start..<block.upperBound, &digest)
      if position > start { accepted.append(start..<position) }
    }
    knownBlocks = accepted
  }

  /// Whether the first block reports a duplicate: it lies below the cumulative acknowledgment, or inside
  /// the second block (RFC 2883 section 4).
  private func isDuplicateReport(_ blocks: SelectiveAcknowledgments) -> Bool {
    let first = blocks[0]
    if first.upperBound <= scoreboard.start { return true }
    guard blocks.count > 1 else { return false }
    let second = blocks[1]
    return first.lowerBound >= second.lowerBound && first.upperBound <= second.upperBound
  }

  private mutating func takeDuplicateReport(_ block: Range<StreamOffset>, _ digest: inout AcknowledgmentDigest) {
    let count = block.upperBound - block.lowerBound
    // More duplicates than were ever sent twice: the network duplicates, or the peer lies to have its losses
    // forgiven. Either way they say nothing about our retransmissions.
    guard block.upperBound <= scoreboard.end,
      counters.bytesDuplicated.clampedSum(count) <= counters.bytesRetransmitted
    else { return }
    counters.bytesDuplicated &+= count
    counters.duplicatesReported = counters.duplicatesReported &+ 1
    digest.facts.insert(.duplicateReported)
    if probe.isOutstanding, probe.isRetransmission, block.upperBound == probe.end {
      digest.facts.insert(.probeDuplicated)
    }
    undo.duplicateReported(block)
    recentAcknowledgment.duplicateReported(next: scoreboard.end)
  }

  /// Marks the records that `block` covers, walking only over what the acknowledgment before didn't say
  /// already: a block that grows by a segment costs a segment, not its length.
  ///
  /// - Returns: how far it came before it had visited as many records as one acknowledgment may.
  private mutating func markDelivered(_ block: Range<StreamOffset>, _ digest: inout AcknowledgmentDigest)
    -> StreamOffset
  {
    var position = block.lowerBound
    while position < block.upperBound {
      var limit = block.upperBound
      var known: StreamOffset?
      for index in 0..<knownBlocks.count {
        guard let other = knownBlocks.block(at: index, above: scoreboard.start) else { continue }
        if other.contains(position) {
          known = other.upperBound
        } else if other.lowerBound > position {
          limit = min(limit, other.lowerBound)
        }
      }
      if let known {
        position = known
        continue
      }
      let reached = markDelivered(block, from: position, to: limit, &digest)
      guard reached == limit else { return reached }
      position = limit
    }
    return block.upperBound
  }

  /// Marks the records between `position` and `limit` as far as `block` covers them.
  private mutating func markDelivered(
    _ block: Range<StreamOffset>,
    from position: StreamOffset,
    to limit: StreamOffset,
    _ digest: inout AcknowledgmentDigest
  ) -> StreamOffset {
    var index = scoreboard.ring.index(covering: position)
    while let record = scoreboard.ring.record(at: index), record.start < limit {
      guard digest.visits < LossRecovery.greatestVisitCount else { return max(record.start, position) }
      defer { index += 1 }
      if record.flags.contains(.delivered) {
        digest.visits += 1
        continue
      }
      if record.start < block.lowerBound {
        // The block begins inside: what lies before it becomes a record of its own.
        if let offset = segmentBoundary(in: record, atOrAfter: block.lowerBound) {
          _ = scoreboard.split(at: index, offset: offset)
        }
        continue
      }
      if record.end > block.upperBound {
        guard let offset = segmentBoundary(in: record, atOrBefore: block.upperBound),
          scoreboard.split(at: index, offset: offset)
        else { continue }
      }
      select(index, &digest)
    }
    return limit
  }

  private mutating func select(_ index: Int, _ digest: inout AcknowledgmentDigest) {
    guard let record = scoreboard.ring.record(at: index) else { return }
    let count = UInt64(record.length)
    if record.flags.contains(.retransmitted) {
      digest.noteRetransmission(record)
    } else if digest.oldestSelectedSentAt == .never {
      digest.oldestSelectedSentAt = record.sentAt
    }
    deliver(record, count: count, &digest)
    scoreboard.markDelivered(at: index)
    digest.newlyDelivered &+= count
    digest.newlySelected &+= count
  }

  /// The first boundary between segments of a super-segment at or after `offset`; nil where it is its end.
  ///
  /// Records are only split where segments were cut: a peer that acknowledges odd bytes cannot shatter them,
  /// and a part of a segment cannot have arrived.
  private func segmentBoundary(in record: SentRecord, atOrAfter offset: StreamOffset) -> StreamOffset? {
    let size = window.segmentSize
    let boundary = record.start + (offset - record.start + size - 1) / size * size
    return boundary < record.end ? boundary : nil
  }

  /// The last boundary at or before `offset`; nil where it is the record's start.
  private func segmentBoundary(in record: SentRecord, atOrBefore offset: StreamOffset) -> StreamOffset? {
    let boundary = record.start + (offset - record.start) / window.segmentSize * window.segmentSize
    return boundary > record.start ? boundary : nil
  }
}
