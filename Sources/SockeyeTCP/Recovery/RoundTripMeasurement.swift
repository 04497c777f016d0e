// Which acknowledgments measure the round trip (RFC 6298 section 3, RFC 7323 section 4.1).
extension LossRecovery {
  /// Measures, by Karn's rule (MUST-18): from what was sent once, where nothing that was sent again may have provoked the
  /// acknowledgment, or else from the echoed timestamp.
  @inline(__always)
  mutating func measureRoundTrip(_ digest: AcknowledgmentDigest) {
    let expected = digest.inFlight / (2 &* window.segmentSize) + 1
    let isAmbiguous = digest.tellsOfRetransmission
    if digest.oldestSentAt != .never, !isAmbiguous, !digest.facts.contains(.retransmissionAcknowledged) {
      roundTrip.measured(digest.now - digest.oldestSentAt, expectedSamples: expected, at: digest.now)
      // The newest has waited least for a delayed acknowledgment.
      roundTrip.observedMinimum(digest.now - digest.newestSentAt, at: digest.now)
    } else if digest.oldestSelectedSentAt != .never, !isAmbiguous, !digest.facts.contains(.duplicateReported) {
      roundTrip.measured(digest.now - digest.oldestSelectedSentAt, expectedSamples: expected, at: digest.now)
    } else if let sample = echoedRoundTrip(digest) {
      roundTrip.measured(sample, expectedSamples: expected, at: digest.now)
    }
  }

  /// The round trip that the echoed timestamp tells; nil where it tells none.
  ///
  /// RFC 7323 section 4.1 asks only that the acknowledgment advance. But a receiver takes no timestamp of a duplicate, so
  /// where data had arrived and what acknowledged it was lost, the answer to its retransmission echoes the first
  /// transmission. As a sample that is as long as the timeout, which it makes longer for the next time, up to the greatest.
  /// So an echo that comes with the report of a duplicate is old for certain; and one from before the last transmission of
  /// what its acknowledgment is the first to tell of is as ambiguous as none, unless the peer is known to report duplicates
  /// (RFC 3522 section 3.2 step 5).
  private func echoedRoundTrip(_ digest: AcknowledgmentDigest) -> Interval? {
    guard digest.newlyAcknowledged > 0, !digest.facts.contains(.duplicateReported), let echoed = digest.echoedTime,
      counters.duplicatesReported > 0 || !LossRecovery.isEcho(echoed, olderThan: digest.newestRetransmissionAt)
    else { return nil }
    return digest.now - echoed
  }
}
