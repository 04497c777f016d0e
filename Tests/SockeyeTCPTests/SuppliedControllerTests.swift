import Synchronization
import Testing

@testable import SockeyeTCP

/// What a controller was told, in the order in which it was.
private final class Diary: Sendable {
  enum Entry: Equatable {
    case sent(UInt64)
    case acknowledged(UInt64)
    case lost(Range<UInt64>)
    case congested(CongestionSignal)
    case recovered
    case spurious
    case restarted(Interval)
    case destroyed
  }

  private let entries = Mutex<[Entry]>([])

  func write(_ entry: Entry) { entries.withLock { $0.append(entry) } }

  /// What was written since the last look.
  func read() -> [Entry] {
    entries.withLock { entries in
      defer { entries = [] }
      return entries
    }
  }
}

/// Writes down what it is told, and halves the window for congestion.
private struct Diarist: CongestionController {
  /// Writes down that the controller is gone.
  private final class End {
    let diary: Diary
    init(_ diary: Diary) { self.diary = diary }
    deinit { diary.write(.destroyed) }
  }

  let diary: Diary
  private let end: End

  init(_ diary: Diary) {
    self.diary = diary
    end = End(diary)
  }

  func sent(_ count: UInt64, inFlightBefore: UInt64, isApplicationLimited: Bool, at now: Instant) {
    diary.write(.sent(count))
  }

  func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {
    diary.write(.acknowledged(sample.newlyDelivered))
  }

  func lost(_ loss: LostTransmission, window: inout CongestionWindow, at now: Instant) {
    diary.write(.lost(loss.range))
  }

  func congested(_ signal: CongestionSignal, flight: UInt64, window: inout CongestionWindow, at now: Instant) {
    diary.write(.congested(signal))
    window.slowStartThreshold = window.bytes / 2
  }

  func recovered(window: inout CongestionWindow, at now: Instant) { diary.write(.recovered) }
  func spurious(window: inout CongestionWindow, at now: Instant) { diary.write(.spurious) }
  func restarted(afterIdle idle: Interval, window: inout CongestionWindow, at now: Instant) {
    diary.write(.restarted(idle))
  }
}

/// Keeps the window at so many segments, and answers congestion with nothing at all.
private struct Fixed: CongestionController {
  let segments: UInt64
  let ownsWindow: Bool
  var pacingRate: UInt64 { 1 }

  func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {
    window.set(segments * window.segmentSize)
  }

  func congested(_ signal: CongestionSignal, flight: UInt64, window: inout CongestionWindow, at now: Instant) {}
}

@Suite("A congestion controller that an embedder supplies")
struct SuppliedControllerTests {
  private func sender(_ kind: SuppliedCongestionController, supplied: Int = .max / 2_000) -> ScriptedSender {
    var sender = ScriptedSender {
      $0.congestionControl = .supplied(kind)
      $0.tailLossProbe = false
    }
    sender.supplied = supplied
    return sender
  }

  @Test("It is told of each transmission, each delivery, each loss and the congestion, in that order")
  func loss() {
    let diary = Diary()
    var sender = sender(SuppliedCongestionController("diary") { _ in Diarist(diary) }, supplied: 10)
    sender.send(at: 100)
    #expect(diary.read() == Array(repeating: .sent(1_000), count: 10))
    sender.acknowledge(1, at: 200)
    #expect(diary.read() == [.acknowledged(1_000)])
    sender.acknowledge(1, [2..<5], at: 201)
    #expect(diary.read() == [.lost(1_001..<2_001), .congested(.loss)])
    #expect(sender.recovery.window.slowStartThreshold == 5_000)
    sender.send(at: 201)
    #expect(diary.read() == [.sent(1_000)])
    // The engine leads the window now, and says nothing until that is over.
    sender.acknowledge(10, at: 301)
    #expect(diary.read() == [.recovered, .acknowledged(6_000)])
    #expect(sender.window == 5)
    sender.recovery.controller.resting.deallocate()
    #expect(diary.read() == [.destroyed])
  }

  @Test("It is told of a timeout, of marks, and that either had been a mistake")
  func otherCongestion() {
    let diary = Diary()
    var sender = sender(SuppliedCongestionController("diary") { _ in Diarist(diary) }, supplied: 10)
    sender.send(at: 100)
    _ = diary.read()
    sender.expire(at: 400)
    #expect(diary.read().last != .congested(.loss))
    #expect(sender.window == 1)
    sender.send(at: 400)
    sender.acknowledge(2, at: 420)
    #expect(diary.read().contains(.spurious))
    #expect(sender.window >= 10)
    sender.acknowledge(10, at: 450)
    sender.supplied = 20
    sender.send(at: 450)
    _ = diary.read()
    sender.acknowledge(11, at: 550, marked: true)
    #expect(diary.read().first == .congested(.explicitNotification))
    sender.acknowledge(20, at: 560)
    #expect(diary.read().first == .recovered)
    sender.supplied = 21
    sender.send(at: 9_000)
    #expect(diary.read() == [.restarted(.milliseconds(8_550)), .sent(1_000)])
    sender.recovery.controller.resting.deallocate()
  }

  @Test("A timeout is told of as one")
  func timeout() {
    let diary = Diary()
    var sender = sender(SuppliedCongestionController("diary") { _ in Diarist(diary) }, supplied: 10)
    sender.send(at: 100)
    _ = diary.read()
    sender.expire(at: 400)
    #expect(diary.read().first == .congested(.timeout))
    sender.recovery.controller.resting.deallocate()
  }

  @Test("Where it owns the window, the window is what it says, congestion or not")
  func ownsWindow() {
    var sender = sender(SuppliedCongestionController("fixed") { _ in Fixed(segments: 7, ownsWindow: true) })
    #expect(sender.send(at: 100).count == 10)
    sender.acknowledge(10, at: 200)
    #expect(sender.window == 7)
    // Its rate of a byte a second is taken for a segment a second.
    #expect(sender.recovery.pacer.rate == 1_000)
    sender.acknowledge(10, [11..<14], at: 201)
    #expect(sender.window == 7)
    sender.recovery.controller.resting.deallocate()
  }

  @Test("Where it leaves the threshold open, the engine leads the window nowhere")
  func openThreshold() {
    var sender = sender(SuppliedCongestionController("fixed") { _ in Fixed(segments: 7, ownsWindow: false) })
    sender.send(at: 100)
    sender.acknowledge(10, at: 200)
    #expect(sender.window == 7)
    sender.send(at: 200)
    sender.acknowledge(10, [11..<14], at: 300)
    #expect(sender.recovery.window.slowStartThreshold == 7_000)
    sender.acknowledge(17, at: 400)
    #expect(sender.window == 7)
    sender.recovery.controller.resting.deallocate()
  }

  @Test("It outlasts a pause of its connection, and is destroyed with it")
  func lifetime() {
    let diary = Diary()
    let kind = SuppliedCongestionController("diary") { _ in Diarist(diary) }
    do {
      var recovery = LossRecoveryStorage(
        configuration: ConnectionConfiguration().with { $0.congestionControl = .supplied(kind) },
        segmentSize: 1_000,
        seed: 1
      )
      recovery.makeRoom(at: .zero)
      recovery.sent(0..<1, at: .zero)
      var now = Instant.zero + .milliseconds(50)
      _ = recovery.acknowledged(Acknowledgment(cumulative: 1), at: now)
      recovery.established(
        selective: true,
        timestamps: false,
        segmentSize: 1_000,
        algorithm: .supplied(kind),
        now: now
      )
      recovery.rest()
      #expect(diary.read() == [])
      now += .seconds(10)
      recovery.makeRoom(at: now)
      let transmission = recovery.nextTransmission(
        at: now,
        limits: TransmissionLimits(windowEnd: 2_001, dataEnd: 2_001)
      )
      #expect(transmission == .new(1..<2_001) || transmission == .new(1..<1_001))
      #expect(diary.read() == [.restarted(.seconds(10) + .milliseconds(50))])
      recovery.rest()
    }
    #expect(diary.read() == [.destroyed])
  }

  @Test("Two of one kind are two, and each has its name")
  func identity() {
    let first = SuppliedCongestionController("one") { _ in Fixed(segments: 1, ownsWindow: true) }
    let second = SuppliedCongestionController("two") { _ in Fixed(segments: 1, ownsWindow: true) }
    #expect(CongestionControlAlgorithm.supplied(first) == .supplied(first))
    #expect(CongestionControlAlgorithm.supplied(first) != .supplied(second))
    #expect("\(second.name)" == "two")
  }

  /// Sets window and threshold to what it was made with, whatever it is told.
  private struct Stubborn: CongestionController {
    let value: UInt64
    let ownsWindow: Bool

    func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) { set(&window) }

    func congested(_ signal: CongestionSignal, flight: UInt64, window: inout CongestionWindow, at now: Instant) {
      set(&window)
    }

    func spurious(window: inout CongestionWindow, at now: Instant) { set(&window) }

    private func set(_ window: inout CongestionWindow) {
      window.set(value)
      window.slowStartThreshold = value
    }
  }

  @Test(
    "Whatever it sets, the window stays between a segment and the greatest, and no invariant breaks",
    arguments: [0, 1, 999, 1 << 40, .max] as [UInt64],
    [true, false]
  )
  func bounds(value: UInt64, ownsWindow: Bool) {
    let kind = SuppliedCongestionController("stubborn") { _ in Stubborn(value: value, ownsWindow: ownsWindow) }
    var sender = sender(kind, supplied: 100)
    sender.send(at: 100)
    sender.acknowledge(1, at: 200)
    sender.acknowledge(1, [2..<6], at: 201)
    sender.send(at: 201)
    sender.acknowledge(10, at: 300)
    sender.send(at: 300)
    sender.expire(at: 3_000)
    sender.send(at: 3_000)
    sender.acknowledge(11, at: 3_100)
    let broken = sender.recovery.checkInvariants()
    #expect(broken == nil)
    #expect(sender.recovery.window.slowStartThreshold >= 1_000)
    #expect(sender.window >= 1)
    #expect(sender.recovery.window.bytes <= CongestionWindow.greatest)
    sender.recovery.controller.resting.deallocate()
  }

  @Test("A window that it kept doesn't bring back the segment's size from before the path changed")
  func keptWindow() {
    struct Keeper: CongestionController {
      let kept: CongestionWindow
      func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) { window = kept }
      func congested(_ signal: CongestionSignal, flight: UInt64, window: inout CongestionWindow, at now: Instant) {}
    }
    var sender = sender(SuppliedCongestionController("keeper") { Keeper(kept: $0.window) })
    sender.send(at: 100)
    sender.recovery.segmentSizeChanged(to: 500, now: .zero + .milliseconds(150))
    sender.acknowledge(10, at: 200)
    #expect(sender.recovery.window.segmentSize == 500)
    #expect(sender.recovery.window.bytes == 10_000)
    sender.recovery.controller.resting.deallocate()
  }
}
