internal import Dispatch
internal import NIOCore

extension HostEventLoop {
  /// Finds the address of a host by its name or address. Names of the machine's are looked up on another thread: the loop
  /// doesn't wait for a name server.
  func address(of host: String, port: Int) -> EventLoopFuture<SocketAddress> {
    if let resolve { return makeCompletedFuture { try resolve(host, port) } }
    if let address = try? SocketAddress(ipAddress: host, port: port) { return makeSucceededFuture(address) }
    let promise = makePromise(of: SocketAddress.self)
    DispatchQueue.global().async {
      promise.completeWith(Swift.Result { try SocketAddress.makeAddressResolvingHost(host, port: port) })
    }
    return promise.futureResult
  }
}
