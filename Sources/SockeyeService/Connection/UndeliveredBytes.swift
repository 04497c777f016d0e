import Glibc
import NIOCore

/// How much of what was written to a connection its client has not acknowledged.
enum UndeliveredBytes {
  /// `struct tcp_info` of Linux in words of eight bytes, as far as `tcpi_bytes_retrans`.
  private typealias Information = InlineArray<27, UInt64>

  /// Bytes that wait in the channel, in the kernel, or on the way. 0 where the system doesn't say.
  static func count(on channel: any Channel) -> Int64 {
    let waiting = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    return Int64(waiting) + inKernel(channel)
  }

  private static func inKernel(_ channel: any Channel) -> Int64 {
    guard let provider = channel as? any SocketOptionProvider else { return 0 }
    let option = NIOBSDSocket.Option(rawValue: TCP_INFO)
    let future: EventLoopFuture<Information> = provider.unsafeGetSocketOption(level: .tcp, name: option)
    var result: Int64 = 0
    // On the channel's own event loop the answer is there at once.
    future.assumeIsolated().whenSuccess { information in
      // tcpi_bytes_acked, the lower half of the word with tcpi_notsent_bytes, tcpi_bytes_sent, tcpi_bytes_retrans.
      let acknowledged = information[15]
      let notSent = information[18] & 0xffff_ffff
      let sent = information[25] &- information[26]
      result = Int64(clamping: (sent > acknowledged ? sent &- acknowledged : 0) &+ notSent)
    }
    return result
  }
}
