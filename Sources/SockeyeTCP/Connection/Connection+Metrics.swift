extension Connection {
  /// The counters and gauges at `now`.
  public func metrics(now: Instant) -> ConnectionMetrics {
    var metrics = ConnectionMetrics()
    metrics.state = state
    metrics.options = options
    describeRecovery(in: &metrics)

    metrics.sendSegmentSize = Int(outgoing.segmentSize)
    metrics.receiveSegmentSize = Int(incoming.segmentSize)
    metrics.announcedSegmentSize = Int(
      SegmentSize.announced(path: path, limit: configuration.maximumSegmentSize)
    )
    metrics.pathMTU = Int(pathMTU.current)
    metrics.sendWindow = Int(clamping: outgoing.window)
    metrics.receiveWindow = Int(clamping: incoming.window)
    metrics.receiveWindowShift = incoming.windowShift
    metrics.sendWindowShift = outgoing.windowShift
    metrics.receiveBuffer = Int(clamping: incoming.buffer)
    metrics.bytesNotSent = Int(clamping: outgoing.dataEnd - min(max(recovery.next, 1), outgoing.dataEnd))
    metrics.unansweredProbes = Int(max(persist.unanswered, keepAlive.unanswered))
    metrics.sinceLastDataSent = lastDataSent == .never ? .zero : now - lastDataSent
    metrics.sinceLastDataReceived = lastDataArrival == .never ? .zero : now - lastDataArrival
    metrics.sinceLastAcknowledgmentReceived = now - lastArrival

    limits.describe(in: &metrics, at: now)
    metrics.receiverRoundTripTime = bufferTuning.roundTrip ?? .zero
    metrics.congestionMarksReceived = congestion.marksReceived

    metrics.segmentsSent = counters.segmentsSent
    metrics.segmentsReceived = counters.segmentsReceived
    metrics.dataSegmentsSent = counters.dataSegmentsSent
    metrics.dataSegmentsReceived = counters.dataSegmentsReceived
    metrics.bytesAcknowledged = acknowledgedCount
    metrics.bytesReceived = incoming.dataNext - 1
    metrics.segmentsRetransmitted = counters.segmentsRetransmitted
    metrics.outOfOrderSegmentsReceived = counters.outOfOrderSegmentsReceived
    metrics.duplicateSegmentsReceived = counters.duplicateSegmentsReceived
    metrics.challengeAcknowledgmentsSent = counters.challengeAcknowledgmentsSent
    metrics.segmentsDroppedAsOld = counters.segmentsDroppedAsOld
    metrics.segmentsDroppedForRangeBudget = counters.segmentsDroppedForRangeBudget
    return metrics
  }

  private func describeRecovery(in metrics: inout ConnectionMetrics) {
    let sender = recovery.metrics
    metrics.retransmissionTimeout = sender.retransmissionTimeout
    metrics.smoothedRoundTripTime = sender.smoothedRoundTripTime
    metrics.roundTripTimeVariation = sender.roundTripTimeVariation
    metrics.minimumRoundTripTime = sender.minimumRoundTripTime
    metrics.congestionWindow = Int(clamping: sender.congestionWindow)
    metrics.slowStartThreshold = Int(clamping: sender.slowStartThreshold)
    metrics.recoveryState = sender.state
    metrics.bytesOutstanding = Int(clamping: sender.bytesOutstanding)
    metrics.bytesInFlight = Int(clamping: sender.bytesInFlight)
    metrics.bytesSelectivelyAcknowledged = Int(clamping: sender.bytesSelectivelyAcknowledged)
    metrics.bytesLost = Int(clamping: sender.bytesLost)
    metrics.reorderingDegree = Int(sender.reorderingDegree)
    metrics.bytesDelivered = sender.bytesDelivered
    metrics.pacingRate = sender.pacingRate == .max ? 0 : sender.pacingRate
    metrics.deliveryRate = sender.deliveryRate
    metrics.backoff = Int(sender.backoff)
    metrics.bytesSent = sender.bytesSent
    metrics.bytesRetransmitted = sender.bytesRetransmitted
    metrics.timeouts = UInt64(sender.timeouts)
    metrics.recoveries = UInt64(sender.recoveries)
    metrics.spuriousRecoveries = UInt64(sender.undoneReductions)
    metrics.duplicatesReported = UInt64(sender.duplicatesReported)
    metrics.congestionMarksReported = sender.bytesMarked
  }
}
