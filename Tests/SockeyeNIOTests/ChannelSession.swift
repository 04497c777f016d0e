import NIOCore
import SockeyeHost
import SockeyeNIO
import SockeyeTCP
import SockeyeWire

/// One step: what to do, and four arguments that mean whatever it makes of them.
struct ChannelStep {
  var operation: UInt8
  var a: UInt8
  var b: UInt8
  var c: UInt8
  var value: UInt32
}

/// Two hosts at 10.0.0.1 and 10.0.0.2 with a loop each and channels on them, the wire between the two, and steps that say
/// what is done to the channels, how time passes, and what befalls the packets. All that is wrong is in `problems`.
final class ChannelSession: @unchecked Sendable {
  // Closures that NIO wants to be Sendable have it, and run on the thread that turns the loops, as everything here does.
  private let clock = VirtualClock(Instant(nanoseconds: 1_000_000_000))
  private let ends: [End]
  private var witnesses: [ChannelWitness] = []
  private(set) var problems: [String] = []
  /// Packets that were given to the hosts.
  private(set) var packetCount = 0
  /// The peers are told what the other has said, and nothing else.
  private var isTrusted = true
  private var history: [(packet: [UInt8], receiver: Int)] = []

  private struct End {
    let loop: HostEventLoop
    let link: SessionLink
    let address: SocketAddress
  }

  private static let channelLimit = 12

  /// Hosts that are made and connected as `header` says, so that the steps start where something is at stake.
  init(_ header: ChannelStep) {
    ends = [(UInt8(1), header.operation), (2, header.a)].map { [clock] number, variant in
      var configuration = HostConfiguration(seed: UInt64(number))
      configuration.addresses = [InterfaceAddress(.v4(IPv4Address(10, 0, 0, number)), prefixLength: 24)]
      Self.vary(&configuration, variant)
      let link = SessionLink(clock)
      let loop = HostEventLoop(configuration, link: link)
      guard let address = try? SocketAddress(ipAddress: "10.0.0.\(number)", port: 7) else {
        preconditionFailure("four numbers are an address")
      }
      return End(loop: loop, link: link, address: address)
    }
    listen(header)
    bindDatagrams(0)
    bindDatagrams(1)
    connect(from: 0, header)
    exchange(rounds: 4, interval: .milliseconds(10))
  }

  private static func vary(_ configuration: inout HostConfiguration, _ variant: UInt8) {
    if variant & 1 != 0 { configuration.connection.receiveBuffer = 2000 }
    if variant & 2 != 0 { configuration.connection.sendBuffer = 1000 }
    if variant & 4 != 0 { configuration.maximumTransmissionUnit = 576 }
    if variant & 8 != 0 { configuration.synCookies = .always }
    if variant & 16 != 0 { configuration.memoryLimit = 65_536 }
    if variant & 32 != 0 { configuration.packetQueueLimit = 4000 }
    if variant & 64 != 0 { configuration.connection.autotune = false }
  }

  func run(_ step: ChannelStep) {
    switch step.operation % 24 {
    case 0...3: exchange(step)
    case 4: exchange(rounds: 4, interval: .milliseconds(Int64(step.c)))
    case 5: replay(step)
    case 6: pass(step)
    case 7: connect(from: Int(step.b & 1), step)
    case 8: listen(step)
    default:
      guard let witness = witness(step.a) else { return }
      on(witness) { act(step, on: witness) }
    }
    settle()
  }

  /// What was begun comes to its end: the loops are told to end, at once or when their peers had time to answer.
  func finish() {
    exchange(rounds: 4, interval: .milliseconds(100))
    for end in ends { end.loop.asRunner { end.loop.shutDown() } }
    // Connections have two seconds to end in order.
    exchange(rounds: 30, interval: .milliseconds(100))
    for end in ends {
      check(end.loop.hasEnded, "a loop that doesn't end")
    }
    for witness in witnesses { witness.finish() }
  }

  private func check(_ condition: Bool, _ text: @autoclosure () -> String) {
    if !condition { problems.append(text()) }
  }

  // MARK: Channels

  private func makeWitness(_ kind: ChannelWitness.Kind, _ number: UInt8) -> ChannelWitness {
    let reactions = ChannelWitness.Reaction.allCases
    let witness = ChannelWitness(
      kind,
      reactions[Int(number) % reactions.count],
      isTrusted: { [unowned self] in isTrusted },
      report: { [unowned self] in problems.append($0) }
    )
    witnesses.append(witness)
    return witness
  }

  private func witness(_ number: UInt8) -> ChannelWitness? {
    witnesses.isEmpty ? nil : witnesses[Int(number) % witnesses.count]
  }

  /// Does something as the loop of a channel.
  private func on(_ witness: ChannelWitness, _ body: () -> Void) {
    guard let loop = witness.channel?.eventLoop as? HostEventLoop else { return }
    loop.asRunner(body)
  }

  private func listen(_ step: ChannelStep) {
    guard witnesses.count < Self.channelLimit else { return }
    let end = ends[1]
    let listener = makeWitness(.listener, 0)
    end.loop.asRunner {
      _ = HostServerBootstrap(group: end.loop)
        .serverChannelOption(.backlog, value: Int32(step.b & 7))
        .serverChannelOption(.autoRead, value: step.b & 8 == 0)
        .serverChannelInitializer { $0.pipeline.addHandler(listener) }
        .childChannelOption(.autoRead, value: step.b & 16 == 0)
        .childChannelOption(.allowRemoteHalfClosure, value: step.b & 32 == 0)
        .childChannelInitializer { [unowned self] channel in
          channel.pipeline.addHandler(makeWitness(.stream, step.c >> 4))
        }
        .bind(to: end.address)
    }
  }

  private func bindDatagrams(_ index: Int) {
    let end = ends[index]
    let witness = makeWitness(.datagrams(to: ends[1 - index].address), 0)
    end.loop.asRunner {
      _ = HostDatagramBootstrap(group: end.loop)
        .channelInitializer { $0.pipeline.addHandler(witness) }
        .bind(to: end.address)
    }
  }

  private func connect(from index: Int, _ step: ChannelStep) {
    guard witnesses.count < Self.channelLimit else { return }
    let end = ends[index]
    let witness = makeWitness(.stream, step.c & 15)
    end.loop.asRunner {
      _ = HostClientBootstrap(group: end.loop)
        .channelOption(.autoRead, value: step.b & 64 == 0)
        .channelOption(.allowRemoteHalfClosure, value: step.b & 128 == 0)
        .channelOption(.connectTimeout, value: .milliseconds(Int64(step.value & 0xFFFF)))
        .channelInitializer { $0.pipeline.addHandler(witness) }
        .connect(to: ends[1].address)
    }
  }

  private func act(_ step: ChannelStep, on witness: ChannelWitness) {
    let count = Int(step.value % 100_000)
    switch step.operation % 24 {
    case 9, 10: witness.call { _ in witness.write(count, flushes: step.b & 1 == 0) }
    case 11: witness.call { _ in witness.write(count % 2000, flushes: step.b & 1 == 0) }
    case 12: witness.call { $0.flush() }
    case 13: witness.call { $0.read() }
    case 14: witness.call { $0.setOption(.autoRead, value: step.b & 1 == 0).whenFailure { _ in } }
    case 15: witness.close([.output, .input, .all, .output][Int(step.b & 3)])
    case 16: set(step, on: witness)
    case 17: witness.reaction = ChannelWitness.Reaction.allCases[Int(step.b) % ChannelWitness.Reaction.allCases.count]
    case 18:
      witness.channel?.eventLoop.scheduleTask(in: .milliseconds(Int64(step.c))) {
        witness.write(count, flushes: true)
        if step.b & 1 == 0 { witness.close(.output) }
      }.futureResult.whenFailure { _ in }
    case 19: witness.close(.all)
    case 20 where step.b == 0: crash(witness)
    case 20 where step.b == 1: shutDown(witness)
    default: witness.call { _ in witness.write(count % 200, flushes: true) }
    }
  }

  private func set(_ step: ChannelStep, on witness: ChannelWitness) {
    let value = Int(step.value)
    witness.call { channel in
      let future: EventLoopFuture<Void> =
        switch step.b % 10 {
        case 0:
          channel.setOption(.writeBufferWaterMark, value: .init(low: value & 0xFF + 1, high: value & 0xFFFF + 300))
        case 1: channel.setOption(.tcpOption(.tcp_nodelay), value: SocketOptionValue(value & 1))
        case 2: channel.setOption(.socketOption(.so_rcvbuf), value: SocketOptionValue(value & 0xFFFFF))
        case 3: channel.setOption(.socketOption(.so_sndbuf), value: SocketOptionValue(value & 0xFFFFF))
        case 4: channel.setOption(.maxMessagesPerRead, value: UInt(value & 15))
        case 5: channel.setOption(.allowRemoteHalfClosure, value: value & 1 == 0)
        case 6: channel.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: value & 0xFFFF + 1))
        case 7: channel.setOption(.socketOption(.so_keepalive), value: SocketOptionValue(value & 1))
        case 8: channel.setOption(.tcpOption(.init(rawValue: 18)), value: SocketOptionValue(value & 0xFFFF))
        default: channel.getOption(.bufferedWritableBytes).map { _ in }
        }
      future.whenFailure { _ in }
    }
  }

  /// The link is gone.
  private func crash(_ witness: ChannelWitness) {
    (witness.channel?.eventLoop as? HostEventLoop)?.perish(ChannelError.ioOnClosedChannel)
  }

  private func shutDown(_ witness: ChannelWitness) {
    (witness.channel?.eventLoop as? HostEventLoop)?.shutDown()
  }

  // MARK: The wire

  /// Carries what both have sent, some times over.
  private func exchange(rounds: Int, interval: Interval) {
    for _ in 0..<rounds {
      settle()
      deliver { packet, _, _ in [packet] }
      settle()
      clock.advance(to: clock.now + interval)
    }
    settle()
  }

  /// An exchange in which something befalls one packet of each end.
  private func exchange(_ step: ChannelStep) {
    deliver { [self] packet, place, receiver in
      guard place == Int(step.b & 7) else { return [packet] }
      switch step.a & 7 {
      case 0, 1: return []
      case 2: return [packet, packet]
      case 3: return forged(packet, step) + [packet]
      case 4: return forged(packet, step)
      default: return [packet]
      }
    }
    settle()
    exchange(rounds: Int(step.a >> 4 & 3), interval: .microseconds(Int64(step.c) << 6))
  }

  private func deliver(_ fate: (_ packet: [UInt8], _ place: Int, _ receiver: Int) -> [[UInt8]]) {
    for (index, end) in ends.enumerated() {
      let packets = end.link.outgoing
      end.link.outgoing = []
      for (place, packet) in packets.enumerated() {
        history.append((packet, 1 - index))
        ends[1 - index].link.incoming += fate(packet, place, 1 - index)
      }
    }
    history.removeFirst(max(0, history.count - 64))
  }

  /// A packet that went over the wire once comes again, nearly as it was.
  private func replay(_ step: ChannelStep) {
    guard !history.isEmpty else { return }
    let (packet, receiver) = history[history.count - 1 - Int(step.a & 63) % history.count]
    ends[receiver].link.incoming += forged(packet, step)
  }

  private func forged(_ packet: [UInt8], _ step: ChannelStep) -> [[UInt8]] {
    isTrusted = false
    var packet = packet
    return withUnsafeTemporaryAllocation(byteCount: 1 << 17, alignment: 16) { room in
      packet.withUnsafeMutableBytes { packet in
        var forgery = PacketForgery(copying: packet, into: room)
        forgery.change(field: step.c & 31, to: step.value)
        if step.c & 0xE0 != 0xE0 { forgery.repair() }
        return [[UInt8](forgery.bytes)]
      }
    }
  }

  // MARK: Time

  private func pass(_ step: ChannelStep) {
    if step.a & 1 == 0 {
      let next = min(ends[0].loop.nextEvent(), ends[1].loop.nextEvent())
      if next < clock.now + .seconds(100_000) { clock.advance(to: next) }
    } else {
      clock.advance(to: clock.now + Interval(nanoseconds: 1 << Int64(step.b % 44)))
    }
  }

  /// Turns both loops until they wait for something later.
  private func settle() {
    for end in ends {
      for round in 0... {
        let isDone = end.link.incoming.isEmpty && end.loop.nextEvent() > clock.now
        guard !isDone, !end.loop.hasEnded else { break }
        guard round < 10_000 else {
          problems.append("a loop that never waits")
          return
        }
        packetCount += end.link.incoming.count
        end.loop.asRunner { end.loop.turn() }
        // Whose link is gone takes nothing more.
        end.link.incoming = []
      }
      end.loop.host.checkInvariants()
    }
    for witness in witnesses { witness.settle() }
  }
}
