internal import NIOCore

/// Hears a client out until it is known what it wants, then leaves the pipeline to those who give it that. Its channel reads
/// when it is told to: auto-read is off.
final class ProxyReceptionHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State {
    /// Nothing has come that tells the protocol.
    case detecting
    case receiving(any ProxyReception)
    /// Whether it is a user is being found out; nothing is read meanwhile.
    case checking(any ProxyReception)
    case over
  }

  /// Does what was asked for. What came behind the request is read by those whom it adds to the pipeline.
  typealias Serve = (ProxyRequest, any ProxyReception, any Channel) throws -> Void

  private let users: ProxyUsers?
  private let limit: TimeAmount
  private let fail: (ProxyFault) -> Void
  private let serve: Serve
  private var state = State.detecting
  private var unread = ByteBuffer()
  private var timeout: Scheduled<Void>?

  /// Bytes that may have come while nothing is read: a peer's end of stream has everything before it read, asked or not.
  private static let mostUnread = 1 << 20

  /// - Parameters:
  ///   - limit: How long a client may take to say what it wants.
  ///   - fail: Told why a client isn't served.
  init(users: ProxyUsers?, limit: TimeAmount, fail: @escaping (ProxyFault) -> Void, serve: @escaping Serve) {
    self.users = users
    self.limit = limit
    self.fail = fail
    self.serve = serve
  }

  func handlerAdded(context: ChannelHandlerContext) {
    timeout = context.eventLoop.assumeIsolated().scheduleTask(in: limit) { self.end(.tooSlow, nil, context) }
    if context.channel.isActive { context.read() }
  }

  func handlerRemoved(context: ChannelHandlerContext) { timeout?.cancel() }

  func channelActive(context: ChannelHandlerContext) {
    context.read()
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .over = state { return }
    var buffer = unwrapInboundIn(data)
    unread.writeBuffer(&buffer)
    guard unread.readableBytes <= Self.mostUnread else { return end(.unknownProtocol, nil, context) }
    goOn(context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    switch state {
    case .detecting, .receiving: context.read()
    case .checking, .over: break
    }
    context.fireChannelReadComplete()
  }

  private func goOn(_ context: ChannelHandlerContext) {
    if case .detecting = state { detect(context) }
    do throws(ReceptionFault) {
      while case .receiving(var reception) = state {
        let step = try reception.take(&unread)
        state = .receiving(reception)
        guard follow(step, reception, context) else { return }
      }
    } catch {
      end(.notServed, error.answer, context)
    }
  }

  private func detect(_ context: ChannelHandlerContext) {
    switch unread.getInteger(at: unread.readerIndex, as: UInt8.self) {
    case SOCKSReception.version: state = .receiving(SOCKSReception(wantsUser: users != nil))
    case .some(UInt8(ascii: "A")...UInt8(ascii: "Z")): state = .receiving(ConnectReception(wantsUser: users != nil))
    case nil: break
    default: end(.unknownProtocol, nil, context)
    }
  }

  /// - Returns: Whether more of what has come can be looked at.
  private func follow(_ step: ReceptionStep, _ reception: any ProxyReception, _ context: ChannelHandlerContext) -> Bool
  {
    switch step {
    case .wait: return false
    case .send(let answer):
      context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
      return true
    case .check(let user, let password):
      state = .checking(reception)
      users?.check(user, password, on: context.eventLoop).assumeIsolated().whenComplete { result in
        self.checked((try? result.get()) ?? false, context)
      }
      return false
    case .request(let request):
      handOver(request, reception, context)
      return false
    }
  }

  private func checked(_ isUser: Bool, _ context: ChannelHandlerContext) {
    guard case .checking(var reception) = state else { return }
    do throws(ReceptionFault) {
      let step = try reception.checked(isUser)
      state = .receiving(reception)
      guard follow(step, reception, context) else { return }
      goOn(context)
      if case .receiving = state { context.read() }
    } catch {
      end(.notUser, error.answer, context)
    }
  }

  private func handOver(_ request: ProxyRequest, _ reception: any ProxyReception, _ context: ChannelHandlerContext) {
    state = .over
    timeout?.cancel()
    do {
      try serve(request, reception, context.channel)
      if unread.readableBytes > 0 {
        context.fireChannelRead(wrapInboundOut(unread))
        context.fireChannelReadComplete()
      }
      context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    } catch {
      context.close(promise: nil)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
    if case .over = state { return }
    state = .over
    context.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    state = .over
    context.close(promise: nil)
  }

  private func end(_ fault: ProxyFault, _ answer: ByteBuffer?, _ context: ChannelHandlerContext) {
    if case .over = state { return }
    state = .over
    timeout?.cancel()
    fail(fault)
    context.channel.sendLast(answer)
  }
}

/// Why a client was not served, before it was known what it wants.
public enum ProxyFault: String, Hashable, Sendable {
  /// It took too long to say what it wants.
  case tooSlow = "too slow"
  /// What it speaks is neither SOCKS version 5 nor HTTP.
  case unknownProtocol = "unknown protocol"
  /// It is no user, or didn't say who it is.
  case notUser = "not a user"
  /// It asks for what there is not, or makes no sense.
  case notServed = "not served"
}

extension Channel {
  /// How long whoever is told why may take to read it: to close with something unread would reset the connection.
  private static var patience: TimeAmount { .seconds(2) }

  /// Says something, if there is anything to say, and closes.
  func sendLast(_ answer: ByteBuffer?) {
    guard let answer else { return close(promise: nil) }
    writeAndFlush(answer, promise: nil)
    close(mode: .output, promise: nil)
    let closing = eventLoop.scheduleTask(in: Self.patience) { self.close(promise: nil) }
    closeFuture.whenComplete { _ in closing.cancel() }
    // The client's end is heard of only where it is read.
    read()
  }
}
