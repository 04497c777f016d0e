import Glibc
import NIOCore
import SockeyeSimulator
import SockeyeTransport

/// A version of a file on the hostile server.
struct HostileVersion: Sendable {
  var tag: String
  var bytes: [UInt8]
  var digest: String?
}

/// What a hostile server does with one request.
enum HostileAnswer: CaseIterable, Sendable {
  case honest, cut, reset, page, pageOfSameLength, pageAsPart, otherVersion, otherTag, noTag, shortPart, chunkedPart
  case wrongRange, wrongTotal, coded, refused, gone, overloaded, redirected, garbage, tooLong, silentClose
}

/// Decides from a seed what a server does: the first request is answered with the file, though perhaps not to its end;
/// what comes after that on this or any other connection may be anything.
struct HostilePlan: Sendable {
  let seed: UInt64
  let versions: [HostileVersion]
  var isHonest = false

  func answer(connection: Int, request: Int) -> (
    answer: HostileAnswer, version: HostileVersion, random: SeededGenerator
  ) {
    var random = SeededGenerator(seed: seed &+ UInt64(connection) &* 1_000_003 &+ UInt64(request) &* 7919)
    if isHonest { return (.honest, versions[0], random) }
    if connection == 0, request == 0 { return (random.pick([.honest, .cut]), versions[0], random) }
    let answer = random.chance(0.5) ? HostileAnswer.honest : random.pick(HostileAnswer.allCases)
    return (answer, versions[random.chance(0.05) ? versions.count - 1 : 0], random)
  }
}

extension HostilePlan {
  /// The bytes to send, and how to end the connection; nothing keeps it open.
  enum Ending { case none, close, reset }

  func response(
    to range: Range<Int>?,
    openEnd: Bool,
    tag: String?,
    connection: Int,
    request: Int
  ) -> (bytes: [UInt8], ending: Ending) {
    var (answer, version, random) = answer(connection: connection, request: request)
    if answer == .otherVersion { version = versions[versions.count - 1] }
    var fields = ["Content-Type: application/zip", "Accept-Ranges: bytes"]
    if answer != .noTag { fields.append("ETag: \"\(answer == .otherTag ? "node-\(version.tag)" : version.tag)\"") }
    if let digest = version.digest { fields.append("Repr-Digest: sha-256=:\(digest):") }
    if answer == .coded { fields.append("Content-Encoding: gzip") }
    // If-Range is obeyed, unless it is the lie.
    let isSame = tag == nil || tag == "\"\(version.tag)\"" || answer == .otherVersion || answer == .otherTag
    let size = version.bytes.count
    var status = "200 OK"
    var body = version.bytes
    if var range, isSame {
      let end = openEnd ? size : min(range.upperBound, size)
      range = min(range.lowerBound, end)..<end
      guard !range.isEmpty else {
        return (text("416 Range Not Satisfiable", ["Content-Range: bytes */\(size)"], []), .none)
      }
      status = "206 Partial Content"
      body = Array(version.bytes[range])
      let shift = answer == .wrongRange && range.upperBound < size ? 1 : 0
      let total = answer == .wrongTotal ? size + 5 : size
      fields.append("Content-Range: bytes \(range.lowerBound + shift)-\(range.upperBound - 1 + shift)/\(total)")
    }
    let page = Array("<html>Please log in to \(random.next())</html>".utf8)
    switch answer {
    case .honest, .otherVersion, .otherTag, .noTag, .wrongRange, .wrongTotal, .coded: break
    case .cut, .reset:
      let whole = text(status, fields, body)
      // What the file is comes across the first time; otherwise nobody could tell a page from it.
      let isFirst = connection == 0 && request == 0
      let count = random.within((isFirst ? whole.count - body.count : 0)...whole.count)
      return (Array(whole.prefix(count)), answer == .cut ? .close : .reset)
    case .page: return (text("200 OK", ["Content-Type: text/html"], page), .none)
    case .pageOfSameLength:
      let padded = page + [UInt8](repeating: 32, count: max(0, size - page.count))
      return (text("200 OK", ["Content-Type: text/html"], Array(padded.prefix(size))), .none)
    case .pageAsPart: return (text("206 Partial Content", ["Content-Type: text/html"], page), .none)
    case .shortPart:
      // A whole that is shorter is another file: nobody can tell.
      if status.hasPrefix("206") { body = Array(body.prefix(random.within(0...body.count))) }
    case .chunkedPart:
      let part = body.prefix(random.within(0...body.count))
      let chunk = part.isEmpty ? [] : Array("\(String(part.count, radix: 16))\r\n".utf8) + part + Array("\r\n".utf8)
      let head = "HTTP/1.1 \(status)\r\n\(fields.joined(separator: "\r\n"))\r\nTransfer-Encoding: chunked\r\n\r\n"
      return (Array(head.utf8) + chunk + Array("0\r\n\r\n".utf8), .none)
    case .refused: return (text("416 Range Not Satisfiable", ["Content-Range: bytes */\(size)"], page), .none)
    case .gone: return (text("404 Not Found", ["Content-Type: text/html"], page), .close)
    case .overloaded: return (text("503 Service Unavailable", ["Retry-After: 0"], page), .close)
    case .redirected: return (text("302 Found", ["Location: /login"], []), .none)
    case .garbage: return ((0..<200).map { _ in UInt8(truncatingIfNeeded: random.next()) }, .close)
    case .tooLong: return (text(status, fields, body) + page, .none)
    case .silentClose: return ([], .close)
    }
    return (text(status, fields, body), .none)
  }

  private func text(_ status: String, _ fields: [String], _ body: [UInt8]) -> [UInt8] {
    let lines = ["HTTP/1.1 \(status)"] + fields + ["Content-Length: \(body.count)", "", ""]
    return Array(lines.joined(separator: "\r\n").utf8) + body
  }
}

/// A server that does as a plan says, on one connection.
final class HostileOrigin: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let plan: HostilePlan
  private let connection: Int
  private var requests = 0
  private var unread = ""

  init(_ plan: HostilePlan, connection: Int) {
    self.plan = plan
    self.connection = connection
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    unread += String(buffer: unwrapInboundIn(data))
    while let end = unread.firstRange(of: "\r\n\r\n") {
      let head = unread[..<end.lowerBound]
      unread = String(unread[end.upperBound...])
      answer(String(head), context)
      requests += 1
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func answer(_ head: String, _ context: ChannelHandlerContext) {
    var range: Range<Int>?
    var isOpen = false
    var tag: String?
    for line in head.split(separator: "\r\n") {
      if line.hasPrefix("Range: bytes=") {
        let ends = line.dropFirst("Range: bytes=".count).split(separator: "-")
        let first = Int(ends[0]) ?? 0
        isOpen = ends.count < 2
        range = first..<((ends.count > 1 ? Int(ends[1]) ?? first : first) + 1)
      }
      if line.hasPrefix("If-Range: ") { tag = String(line.dropFirst("If-Range: ".count)) }
    }
    let isLogin = head.contains("/login ")
    let (bytes, ending) =
      isLogin
      ? (Array("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nlogin".utf8), .none)
      : plan.response(to: range, openEnd: isOpen, tag: tag, connection: connection, request: requests)
    let written = context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)))
    switch ending {
    case .none: break
    case .close:
      let channel = context.channel
      written.whenComplete { _ in channel.close(promise: nil) }
    case .reset:
      let channel = context.channel
      written.whenComplete { _ in
        guard let options = channel as? any SocketOptionProvider else { return }
        options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
      }
    }
  }
}
