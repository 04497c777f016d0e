import Glibc
import NIOCore
import NIOPosix

/// Streams over Unix domain sockets whose names are in no file system.
///
/// NIO gives system calls the whole of `sockaddr_un`, whose NULs would be a part of such a name: whoever asks for the name alone
/// would not find it.
enum AbstractSocket {
  static func connect(
    to address: SocketAddress,
    by bootstrap: ClientBootstrap,
    on eventLoop: any EventLoop
  ) -> EventLoopFuture<any Channel> {
    // Such a connection is there at once, or not at all.
    take(eventLoop, "connect") { descriptor in
      address.withSocketName { Glibc.connect(descriptor, $0, $1) }
    } then: {
      bootstrap.withConnectedSocket($0)
    }
  }

  static func listen(
    on address: SocketAddress,
    _ options: ListenOptions,
    by bootstrap: ServerBootstrap,
    on eventLoop: any EventLoop
  ) -> EventLoopFuture<any Channel> {
    take(eventLoop, "bind") { descriptor in
      let bound = address.withSocketName { Glibc.bind(descriptor, $0, $1) }
      return bound == 0 ? Glibc.listen(descriptor, Int32(clamping: options.backlog)) : bound
    } then: {
      bootstrap.withBoundSocket($0)
    }
  }

  /// Hands a socket over once a system call has made something of it; NIO closes what it takes and can't use.
  private static func take(
    _ eventLoop: any EventLoop,
    _ name: String,
    _ call: (CInt) -> CInt,
    then hand: (CInt) -> EventLoopFuture<any Channel>
  ) -> EventLoopFuture<any Channel> {
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0, call(descriptor) == 0 else {
      let number = errno
      if descriptor >= 0 { close(descriptor) }
      return eventLoop.makeFailedFuture(IOError(errnoCode: number, reason: name))
    }
    return hand(descriptor)
  }
}
