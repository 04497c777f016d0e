import Glibc
import SockeyeHost

/// The small services that every host once had, and two for measuring.
enum HostService: String, CaseIterable {
  /// Gives back what comes (RFC 862).
  case echo
  /// Takes what comes (RFC 863).
  case discard
  /// Sends characters until it is told to stop (RFC 864).
  case chargen
  /// Tells the time (RFC 867).
  case daytime
  /// Sends as fast as it can.
  case source
  /// Takes what comes and says how much it was and how fast.
  case sink

  var hasDatagrams: Bool { self != .source && self != .sink }

  /// Services that answer each other for ever: what comes from their ports is not answered.
  static let answeringPorts: Set<UInt16> = [7, 13, 17, 19, 37]

  /// The time as `daytime` tells it.
  static var daytimeText: [UInt8] {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    var text = [CChar](repeating: 0, count: 64)
    let count = strftime(&text, text.count, "%A, %B %d, %Y %H:%M:%S-%Z\r\n", &parts)
    return text[..<count].map { UInt8(bitPattern: $0) }
  }
}

/// What sources and sinks are asked for.
struct MeasuringOptions {
  /// Bytes after which a source closes; nil for no end.
  var sourceLength: UInt64?
  /// Whether SHA-256 is taken of what passes.
  var takesDigest = false
}
