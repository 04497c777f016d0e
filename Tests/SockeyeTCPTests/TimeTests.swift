import SockeyeTCP
import Testing

@Suite("Time saturates")
struct TimeTests {
  @Test("Intervals and instants stop at their ends instead of trapping")
  func saturation() {
    #expect(Interval.longest + .seconds(1) == .longest)
    #expect(Interval.seconds(.max) == .longest)
    #expect(Interval.seconds(.min).nanoseconds == .min)
    #expect(Instant.never + .seconds(1) == .never)
    #expect(Instant(nanoseconds: .min) - .seconds(1) == Instant(nanoseconds: .min))
    #expect(Instant(nanoseconds: .max) - Instant(nanoseconds: .min) == .longest)
    #expect(Interval.seconds(1) / 0 == .longest)
    #expect(Interval(nanoseconds: .min) / -1 == .longest)
  }
}

@Suite("Sequence numbers wrap (RFC 9293 section 3.4)")
struct SequenceNumberTests {
  @Test("REC-1: a distance is signed and wraps at 2³²")
  func distance() {
    #expect(SequenceNumber(5) - SequenceNumber(0xFFFF_FFFB) == 10)
    #expect(SequenceNumber(0xFFFF_FFFB) - SequenceNumber(5) == -10)
    #expect((SequenceNumber(0xFFFF_FFFF) + 2).value == 1)
  }

  @Test("An offset is the position nearest to a known one")
  func offsets() {
    let initial = SequenceNumber(0xFFFF_FF00)
    #expect(SequenceNumber(0x10).offset(near: 1, initial: initial) == 0x110)
    #expect(SequenceNumber(offset: 0x1_0000_0110, initial: initial) == SequenceNumber(0x10))
    #expect(SequenceNumber(0x10).offset(near: 0x1_0000_0000, initial: initial) == 0x1_0000_0110)
    #expect(SequenceNumber(0xFFFF_FEFF).offset(near: 1, initial: initial) == nil)
    #expect(SequenceNumber(0x10).offset(near: .max, initial: initial) != 0)
  }

  @Test("Times read as people write them")
  func text() {
    #expect("\(Instant(nanoseconds: 1_250_000_000))" == "1.25 s")
    #expect("\(Instant.zero) \(Instant.never)" == "0 s never")
    #expect("\(Instant(nanoseconds: .min))" == "-9223372036.854775808 s")
    #expect(
      "\(Interval.milliseconds(200)) \(Interval.microseconds(1_500)) \(Interval.nanoseconds(7))" == "200 ms 1.5 ms 7 ns"
    )
    #expect("\(Interval.zero - .microseconds(30)) \(Interval.seconds(60)) \(Interval.zero)" == "-30 µs 60 s 0 s")
    #expect("\(Interval.longest) \(Interval.nanoseconds(1_000_000_001))" == "for ever 1.000000001 s")
  }
}
