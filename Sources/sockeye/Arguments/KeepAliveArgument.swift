import ArgumentParser
import NIOCore
import SockeyeTransport

/// TCP's keep-alive: `30s`, `30s,10s` or `30s,10s,3`: how long nothing must come, the time between questions, and their number.
struct KeepAliveArgument: ExpressibleByArgument {
  let value: KeepAlive

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard let first = parts.first, parts.count <= 3, let idle = Self.seconds(first) else { return nil }
    var value = KeepAlive(idle: idle)
    if parts.count > 1 {
      guard let interval = Self.seconds(parts[1]) else { return nil }
      value.interval = interval
    }
    if parts.count > 2 {
      guard let count = Int(parts[2]), (1...127).contains(count) else { return nil }
      value.count = count
    }
    self.value = value
  }

  /// The kernel counts whole seconds, in 15 bits.
  private static func seconds(_ text: String) -> Int? {
    guard let nanoseconds = DurationArgument(argument: text)?.amount.nanoseconds, nanoseconds % 1_000_000_000 == 0
    else {
      return nil
    }
    let seconds = nanoseconds / 1_000_000_000
    return (1...32_767).contains(seconds) ? Int(seconds) : nil
  }
}
