internal import NIOCore

/// What an asynchronous bootstrap's initializer makes: it is made before the channel is registered, and handed out once that
/// is open.
struct InitializerOutput<Output: Sendable>: Sendable {
  private let promise: EventLoopPromise<Output>

  init(on loop: any EventLoop) {
    promise = loop.makePromise(of: Output.self)
  }

  /// An initializer that keeps what `initialize` makes once `before` is done.
  func initializer(
    _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>,
    after before: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> @Sendable (any Channel) -> EventLoopFuture<Void> {
    { [promise] channel in
      before(channel).flatMap { initialize(channel) }.map { promise.succeed($0) }
    }
  }

  /// The output, once the channel is open.
  ///
  /// - Throws: why it isn't.
  func of(_ channel: EventLoopFuture<any Channel>) async throws -> Output {
    try await channel.flatMap { [promise] _ in promise.futureResult }.flatMapErrorThrowing { [promise] error in
      promise.fail(error)
      throw error
    }.get()
  }
}
