import SockeyeTCP
import Testing

@testable import SockeyeSimulator

@Suite("Impaired direction")
struct ImpairedDirectionTests {
  private func direction(seed: UInt64 = 1, _ change: (inout Impairments) -> Void) -> ImpairedDirection {
    var impairments = Impairments()
    change(&impairments)
    return ImpairedDirection(impairments, seed: seed)
  }

  private func instant(_ microseconds: Int64) -> Instant { .zero + .microseconds(microseconds) }

  private func passage(_ decision: LinkDecision) -> Passage? {
    if case .delivered(let passage) = decision { passage } else { nil }
  }

  @Test("A perfect link delivers at once, whole, once and in order")
  func perfect() {
    var link = direction { _ in }
    for time in 0..<100 {
      let passage = passage(link.decide(length: 1_500, isECNCapable: true, now: instant(Int64(time))))
      #expect(passage?.delivery == instant(Int64(time)))
      #expect(passage?.duplicateDelivery == nil)
      #expect(passage?.corruption == nil)
      #expect(passage?.isMarked == false)
    }
    #expect(link.counters.packets == 100)
    #expect(link.counters.bytes == 150_000)
    #expect(link.counters.drops == 0)
  }

  @Test("Packets leave at the link's rate and arrive after its delay")
  func rate() {
    var link = direction {
      $0.bitsPerSecond = 12_000_000
      $0.delay = .milliseconds(10)
    }
    #expect(passage(link.decide(length: 1_500, isECNCapable: false, now: .zero))?.delivery == instant(11_000))
    #expect(passage(link.decide(length: 1_500, isECNCapable: false, now: .zero))?.delivery == instant(12_000))
    #expect(passage(link.decide(length: 750, isECNCapable: false, now: .zero))?.delivery == instant(12_500))
    #expect(passage(link.decide(length: 1_500, isECNCapable: false, now: instant(5_000)))?.delivery == instant(16_000))
  }

  @Test("A full queue drops, by bytes and by packets, and an empty one takes any packet")
  func dropTail() {
    var byBytes = direction {
      $0.bitsPerSecond = 12_000_000
      $0.queueBytes = 3_000
    }
    #expect(passage(byBytes.decide(length: 9_000, isECNCapable: false, now: .zero)) != nil)
    #expect(byBytes.decide(length: 1, isECNCapable: false, now: .zero) == .dropped(.queueFull))
    #expect(byBytes.queuedBytes(at: instant(6_000)) == 0)
    for _ in 0..<2 {
      #expect(passage(byBytes.decide(length: 1_500, isECNCapable: false, now: instant(6_000))) != nil)
    }
    #expect(byBytes.decide(length: 40, isECNCapable: false, now: instant(6_000)) == .dropped(.queueFull))
    #expect(byBytes.queuedBytes(at: instant(7_000)) == 1_500)
    #expect(byBytes.counters.queueDrops == 2)
    #expect(byBytes.counters.peakQueueBytes == 9_000)

    var byPackets = direction {
      $0.bitsPerSecond = 12_000_000
      $0.queuePackets = 2
    }
    #expect(passage(byPackets.decide(length: 40, isECNCapable: false, now: .zero)) != nil)
    #expect(passage(byPackets.decide(length: 40, isECNCapable: false, now: .zero)) != nil)
    #expect(byPackets.decide(length: 40, isECNCapable: false, now: .zero) == .dropped(.queueFull))
  }

  @Test("A queue past its threshold marks those that understand the mark, and only those")
  func marking() {
    var link = direction {
      $0.bitsPerSecond = 12_000_000
      $0.markingThresholdBytes = 3_000
    }
    let marks = (0..<4).map { _ in passage(link.decide(length: 1_500, isECNCapable: true, now: .zero))?.isMarked }
    #expect(marks == [false, false, true, true])
    #expect(passage(link.decide(length: 1_500, isECNCapable: false, now: .zero))?.isMarked == false)
    #expect(link.counters.marks == 2)
  }

  @Test("Independent loss loses the share that it says")
  func independentLoss() {
    var link = direction { $0.loss = .independent(0.05) }
    for _ in 0..<100_000 { _ = link.decide(length: 100, isECNCapable: false, now: .zero) }
    #expect((4_700...5_300).contains(link.counters.losses))
  }

  @Test("Bursty loss loses the share of the bad state, in bursts of its mean length")
  func burstyLoss() {
    // Bad a tenth of the time, for ten packets on average.
    var link = direction { $0.loss = .bursty(GilbertElliott(enterBad: 1.0 / 90, leaveBad: 0.1)) }
    var bursts = 0
    var wasLost = false
    for _ in 0..<200_000 {
      let isLost = link.decide(length: 100, isECNCapable: false, now: .zero) == .dropped(.loss)
      if isLost, !wasLost { bursts += 1 }
      wasLost = isLost
    }
    let losses = Double(link.counters.losses)
    #expect((17_000...23_000).contains(losses))
    #expect((9...11).contains(losses / Double(bursts)))
  }

  @Test("Jitter spreads deliveries and keeps their order, unless it may reorder")
  func jitter() {
    for reorders in [false, true] {
      var link = direction {
        $0.delay = .milliseconds(10)
        $0.jitter = .milliseconds(2)
        $0.jitterReorders = reorders
      }
      var deliveries: [Instant] = []
      for packet in 0..<1_000 {
        let now = instant(Int64(packet))
        guard let passage = passage(link.decide(length: 100, isECNCapable: false, now: now)) else { continue }
        #expect(passage.delivery >= now + .milliseconds(10))
        #expect(passage.delivery <= instant(1_000) + .milliseconds(12))
        deliveries.append(passage.delivery)
      }
      #expect((deliveries == deliveries.sorted()) == !reorders)
    }
  }

  @Test("A reordered packet is held up and those behind it pass")
  func reordering() {
    var link = direction {
      $0.reordering = 0.1
      $0.reorderingDelay = .milliseconds(3)
    }
    var heldUp = 0
    for packet in 0..<10_000 {
      let now = instant(Int64(packet))
      let delivery = passage(link.decide(length: 100, isECNCapable: false, now: now))?.delivery
      if delivery == now + .milliseconds(3) { heldUp += 1 } else { #expect(delivery == now) }
    }
    #expect((850...1_150).contains(heldUp))
    #expect(link.counters.reordered == UInt64(heldUp))
  }

  @Test("Duplicates arrive twice; corruption changes one byte inside the packet")
  func duplicationAndCorruption() {
    var link = direction {
      $0.duplication = 0.2
      $0.corruption = 0.1
    }
    var corrupted = 0
    var duplicated = 0
    for _ in 0..<10_000 {
      guard let passage = passage(link.decide(length: 60, isECNCapable: false, now: .zero)) else { continue }
      if passage.duplicateDelivery != nil { duplicated += 1 }
      guard let corruption = passage.corruption else { continue }
      corrupted += 1
      #expect((0..<60).contains(corruption.offset))
      #expect(corruption.mask != 0)
    }
    #expect((1_850...2_150).contains(duplicated))
    #expect((850...1_150).contains(corrupted))
    #expect(link.counters.duplicates == UInt64(duplicated))
    #expect(link.counters.corrupted == UInt64(corrupted))
  }

  @Test("Nothing passes during an outage or a partition, and all does before and after")
  func outages() {
    var link = direction { $0.outages = [instant(10)..<instant(20), instant(30)..<instant(31)] }
    for time in 0..<40 {
      let isDown = (10..<20).contains(time) || time == 30
      let decision = link.decide(length: 100, isECNCapable: false, now: instant(Int64(time)))
      #expect((decision == .dropped(.outage)) == isDown)
    }
    link.isPartitioned = true
    #expect(link.decide(length: 100, isECNCapable: false, now: instant(50)) == .dropped(.outage))
    link.isPartitioned = false
    #expect(passage(link.decide(length: 100, isECNCapable: false, now: instant(51))) != nil)
  }

  @Test("The same seed decides the same, packet by packet")
  func replay() {
    let harsh: (inout Impairments) -> Void = {
      $0.jitter = .milliseconds(1)
      $0.loss = .bursty(GilbertElliott(enterBad: 0.05, leaveBad: 0.3, lossInGood: 0.01))
      $0.duplication = 0.1
      $0.corruption = 0.1
      $0.reordering = 0.1
      $0.reorderingDelay = .milliseconds(5)
    }
    var first = direction(seed: 99, harsh)
    var second = direction(seed: 99, harsh)
    for packet in 0..<5_000 {
      let now = instant(Int64(packet))
      let decision = second.decide(length: 80, isECNCapable: true, now: now)
      #expect(first.decide(length: 80, isECNCapable: true, now: now) == decision)
    }
  }

  @Test("Transmission times are exact where they can be, rounded up, and saturate")
  func transmissionTimes() {
    #expect(transmissionTime(bytes: 1_500, bitsPerSecond: 1_000_000_000) == .nanoseconds(12_000))
    #expect(transmissionTime(bytes: 1, bitsPerSecond: 3_000_000_000) == .nanoseconds(3))
    #expect(transmissionTime(bytes: .max, bitsPerSecond: 1) == .longest)
    #expect(transmissionTime(bytes: 1_500, bitsPerSecond: 0) == .zero)
  }
}
