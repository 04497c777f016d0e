import NIOCore
import SockeyeTransport

extension EventLoop {
  /// Makes something that is confined to this event loop.
  ///
  /// - Throws: A failure of kind `other` when the event loop is ending.
  func make<Value>(_ body: @escaping @Sendable () -> Value) async throws(Failure) -> NIOLoopBound<Value> {
    do {
      return try await submit { NIOLoopBound(body(), eventLoop: self) }.get()
    } catch {
      throw Failure(.other, .cannotSetUp("\(error)"))
    }
  }
}
