internal import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
internal import SockeyeTransport
internal import SockeyeWire

/// Answers a child's questions for names: with the addresses that the user gives, or by passing them on to the machine's name
/// servers, whose answers are read before they are handed on. On the gateway's loop.
///
/// A question and its answer pass as they are, from a port of their own that the machine draws. A name that the child may not
/// ask for reaches nobody: a name is a message to whoever answers for it.
final class NameServer: @unchecked Sendable {
  // Unchecked for its count, which `loop` alone touches: questions come by channels on it, and what servers answer by sockets of
  // other loops hops to it first.

  private let loop: HostEventLoop
  private let outside: Transport
  private let gatekeeper: Gatekeeper
  private let given: [HostName: [IPAddress]]
  private let servers: [SocketAddress]
  private let report: @Sendable (GatewayEvent) -> Void
  private var pendingCount = 0

  /// Questions that wait for an answer, at most; those beyond are dropped, to be asked again.
  private static let mostPending = 512
  /// How often servers are asked, each once at least, and how long all of that may take: the resolvers of programs wait five
  /// seconds, and who is told later is told nothing.
  private static let leastAttempts = 2
  private static let patience = TimeAmount.milliseconds(4_500)
  /// How long what the user gives may be kept, in seconds.
  private static let givenTimeToLive: UInt32 = 60

  init(
    on loop: HostEventLoop,
    to outside: Transport,
    _ gatekeeper: Gatekeeper,
    _ configuration: GatewayConfiguration,
    report: @escaping @Sendable (GatewayEvent) -> Void
  ) {
    self.loop = loop
    self.outside = outside
    self.gatekeeper = gatekeeper
    given = configuration.names
    servers = configuration.nameServers
    self.report = report
  }

  /// Answers a question.
  ///
  /// - Parameters:
  ///   - question: as it came.
  ///   - isStream: whether it came by TCP, and is passed on so.
  ///   - reply: called on the loop with the answer, once; not at all where there is nothing to be said.
  func ask(_ question: [UInt8], isStream: Bool, reply: @escaping (ByteBuffer) -> Void) {
    let message: DNSMessage
    do throws(DNSMessage.Problem) {
      message = try DNSMessage(parsing: question)
    } catch {
      return refuse(question, .formatError, reply)
    }
    guard !message.isResponse else { return }
    guard message.isStandard else { return refuse(question, .notImplemented, reply) }
    let host = message.name.host
    if let host, let addresses = given[host] {
      let asked = addresses.filter { ($0.isIPv4 ? DNSType.address4 : DNSType.address6) == message.type }
      report(.asked(NameRecord(name: host.text, type: message.type, answer: .addresses(asked.map(\.description)))))
      let answer = message.answer(to: question, addresses: asked, timeToLive: Self.givenTimeToLive)
      return reply(ByteBuffer(bytes: answer))
    }
    if let refusal = gatekeeper.refusal(ofQuestionFor: host) {
      report(.asked(NameRecord(name: message.name.text, type: message.type, answer: .refused(refusal))))
      return refuse(question, .refused, reply)
    }
    guard pendingCount < Self.mostPending else { return }
    pendingCount += 1
    passOn(question, message, isStream: isStream, attempt: 0) { answer in
      self.pendingCount -= 1
      self.conclude(answer, to: question, message, reply)
    }
  }

  private func refuse(_ question: [UInt8], _ reason: DNSRefusal, _ reply: (ByteBuffer) -> Void) {
    if let answer = DNSMessage.refusal(of: question, for: reason) { reply(ByteBuffer(bytes: answer)) }
  }

  /// Hands an answer on, and keeps what it says of the name.
  private func conclude(
    _ answer: (bytes: ByteBuffer, message: DNSMessage)?,
    to question: [UInt8],
    _ message: DNSMessage,
    _ reply: (ByteBuffer) -> Void
  ) {
    guard let answer else {
      report(.asked(NameRecord(name: message.name.text, type: message.type, answer: .none)))
      return refuse(question, .serverFailure, reply)
    }
    let addresses = answer.message.addresses
    if let host = message.name.host {
      for (address, timeToLive) in addresses { gatekeeper.note(host, address, timeToLive: timeToLive) }
    }
    let code = answer.message.responseCode
    let texts = addresses.map(\.address.description)
    let outcome = code == 0 ? NameRecord.Answer.addresses(texts) : .failed(code: Int(code))
    report(.asked(NameRecord(name: message.name.text, type: message.type, answer: outcome)))
    reply(answer.bytes)
  }

  // MARK: To the machine's name servers

  private var attempts: Int { servers.isEmpty ? 0 : max(Self.leastAttempts, servers.count) }

  /// How long one server has to answer.
  private var patience: TimeAmount { .nanoseconds(Self.patience.nanoseconds / Int64(max(attempts, 1))) }

  private typealias Answer = (bytes: ByteBuffer, message: DNSMessage)

  /// Asks the servers one after another, until one answers.
  private func passOn(
    _ question: [UInt8],
    _ message: DNSMessage,
    isStream: Bool,
    attempt: Int,
    _ done: @escaping (Answer?) -> Void
  ) {
    guard attempt < attempts, loop.flowOwner != nil else { return done(nil) }
    let server = servers[attempt % servers.count]
    let asked = isStream ? askByStream(question, server) : askByDatagram(question, message, server)
    asked.hop(to: loop).assumeIsolated().whenComplete { result in
      if case .success(let bytes) = result, let answer = Self.read(bytes, as: message) { return done(answer) }
      self.passOn(question, message, isStream: isStream, attempt: attempt + 1, done)
    }
  }

  /// An answer to the very question, or nothing.
  private static func read(_ bytes: ByteBuffer, as question: DNSMessage) -> Answer? {
    guard let message = try? DNSMessage(parsing: Array(bytes.readableBytesView)), message.isResponse,
      message.identifier == question.identifier, message.name == question.name, message.type == question.type,
      message.recordClass == question.recordClass
    else { return nil }
    return (bytes, message)
  }

  private func askByDatagram(
    _ question: [UInt8],
    _ message: DNSMessage,
    _ server: SocketAddress
  ) -> EventLoopFuture<ByteBuffer> {
    let (socketLoop, patience) = (outside.eventLoopGroup.next(), patience)
    let route = DatagramRoute(address: server, source: nil)
    return outside.openDatagrams(on: route, eventLoop: socketLoop).flatMap { channel in
      let answer = channel.eventLoop.makePromise(of: ByteBuffer.self)
      do {
        // What is no answer to the question may be somebody's who guesses: the true one may still come.
        let handler = NameAnswer(from: server, answer) { Self.read($0, as: message) != nil }
        try channel.pipeline.syncOperations.addHandler(handler)
      } catch {
        answer.fail(error)
      }
      // To where no way leads the next server is asked at once.
      channel.writeAndFlush(AddressedEnvelope(remoteAddress: server, data: ByteBuffer(bytes: question)))
        .cascadeFailure(to: answer)
      return Self.within(patience, answer, of: channel)
    }
  }

  private func askByStream(_ question: [UInt8], _ server: SocketAddress) -> EventLoopFuture<ByteBuffer> {
    let (socketLoop, patience) = (outside.eventLoopGroup.next(), patience)
    let answer = socketLoop.makePromise(of: ByteBuffer.self)
    var options = ConnectOptions()
    options.timeout = patience
    let connected = outside.connect(to: server, on: socketLoop, options: options) { channel in
      try channel.pipeline.syncOperations.addHandler(
        NameStream {
          answer.succeed($0)
        } ended: {
          answer.fail($0)
        }
      )
    }
    connected.cascadeFailure(to: answer)
    return connected.flatMap { channel in
      channel.writeAndFlush(NameStream.framed(ByteBuffer(bytes: question)), promise: nil)
      return Self.within(patience, answer, of: channel)
    }
  }

  /// What was promised, for so long; then the channel is closed.
  private static func within(
    _ time: TimeAmount,
    _ answer: EventLoopPromise<ByteBuffer>,
    of channel: any Channel
  ) -> EventLoopFuture<ByteBuffer> {
    let timer = channel.eventLoop.scheduleTask(in: time) { answer.fail(ChannelError.connectTimeout(time)) }
    answer.futureResult.whenComplete { _ in
      timer.cancel()
      channel.close(promise: nil)
    }
    return answer.futureResult
  }
}

/// Waits for the datagram that answers a question.
private final class NameAnswer: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let server: SocketAddress
  private let answer: EventLoopPromise<ByteBuffer>
  private let isAnswer: (ByteBuffer) -> Bool

  init(from server: SocketAddress, _ answer: EventLoopPromise<ByteBuffer>, isAnswer: @escaping (ByteBuffer) -> Bool) {
    self.server = server
    self.answer = answer
    self.isAnswer = isAnswer
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    guard envelope.remoteAddress == server, isAnswer(envelope.data) else { return }
    answer.succeed(envelope.data)
  }

  /// ICMP says that nobody listens there: the next server is asked at once.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    answer.fail(error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    answer.fail(ChannelError.eof)
  }
}
