internal import NIOCore
internal import SockeyeTalk
internal import SockeyeTransport

/// The command line that does what a session does.
struct SessionCommand {
  /// Its words, from the verb on.
  let arguments: [String]

  /// Writes the command of a session.
  ///
  /// - Parameter stack: What `--stack` is to be; nothing for the kernel's.
  init(_ settings: SessionSettings, _ stack: String? = nil) {
    let isClient = settings.kind.isClient || (settings.kind == .udp && settings.remote != nil)
    var words = [isClient ? "connect" : "listen"]
    if let stack { words += ["--stack", stack] }
    words += Self.protocolFlags(settings)
    if settings.kind == .forwarder, let remote = settings.remote {
      // It holds and shows nothing, but forwards the same.
      words += ["--exec", "sockeye connect \(Self.quoted("\(remote)"))"]
    } else {
      words += Self.conversationFlags(settings)
    }
    if settings.connectTimeout != .seconds(10), isClient {
      words += ["--connect-timeout", ShortDuration.text(settings.connectTimeout)]
    }
    if isClient, let local = settings.local, !settings.kind.isUnix { words += ["--bind", "\(local)"] }
    words.append("\(isClient ? settings.remote ?? settings.place : settings.place)")
    arguments = words
  }

  /// The command as a shell takes it.
  var line: String { (["sockeye"] + arguments).map(Self.quoted).joined(separator: " ") }

  private static func protocolFlags(_ settings: SessionSettings) -> [String] {
    var words: [String] = []
    if settings.kind.isDatagram {
      words.append("--udp")
      if let group = settings.group?.ipAddress { words += ["--join", group, "--reuse-port"] }
      if settings.broadcast { words.append("--broadcast") }
      if let ttl = settings.timeToLive { words += ["--ttl", "\(ttl)"] }
      if let interface = settings.interface { words += ["--interface", interface] }
      if let loopback = settings.loopback {
        words.append(loopback ? "--multicast-loopback" : "--no-multicast-loopback")
      }
    }
    if let tls = settings.tls {
      words.append("--tls")
      if tls.isInsecure, settings.kind.isClient { words.append("--insecure") }
      if let file = tls.authorityFile, !(tls.isInsecure && settings.kind.isClient) { words += ["--ca", file] }
      if let file = tls.certificateFile { words += ["--certificate", file] }
      if let file = tls.keyFile, tls.certificateFile != nil { words += ["--key", file] }
    }
    return words
  }

  private static func conversationFlags(_ settings: SessionSettings) -> [String] {
    var words: [String] = []
    if !settings.encoding.isUTF8 { words += ["--encoding", settings.encoding.name.lowercased()] }
    if let idle = settings.idle { words += ["--idle", ShortDuration.text(idle)] }
    guard !settings.kind.isDatagram else { return words }
    if settings.framing != .raw { words += ["--frame", settings.framingText] }
    words += ["--on-peer-eof", settings.peerEnd == .hold ? "hold" : "exit"]
    return words
  }

  /// A word of a shell's, quoted where it has to be.
  static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"),
        UInt8(ascii: "@"),
        UInt8(ascii: "%"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: "="):
        true
      default: false
      }
    }
    if plain, !word.isEmpty { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
