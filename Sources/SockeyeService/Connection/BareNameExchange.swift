import Glibc
import NIOCore
import SockeyeTransport

/// The bare-name protocol: a name comes, the file's bytes go, and the connection ends.
///
/// It has no status and no length. A missing file is answered with the byte `1` or with nothing, as the two tutorials
/// have it; a file that changes while it is sent ends in a reset, which is the only sign that this protocol has room for.
final class BareNameExchange: ConnectionSpeaker {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = IOData

  private enum State {
    /// The name has not been taken yet.
    case waiting
    case answering
    case sending(BodyTransmission, length: Int64)
    case over
  }

  private let worker: ServiceWorker
  private let client: ConnectionClient
  private let connection: any ConnectionControl
  private var context: ChannelHandlerContext?
  private var state = State.waiting
  private var name: [UInt8] = []
  private var log: DeliveryLog
  private let started: NIODeadline

  /// The longest name that is taken, in bytes.
  static let longestName = 4096

  init(worker: ServiceWorker, client: ConnectionClient, connection: any ConnectionControl) {
    self.worker = worker
    self.client = client
    self.connection = connection
    log = DeliveryLog(worker.configuration.accessLog)
    started = worker.eventLoop.now
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // The name has ended: what comes after it is of no interest.
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .sending = state { breakOff(.clientLeft, undelivered: 0) }
    log.settle()
    state = .over
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connectionIsCut(.clientLeft)
    context.fireErrorCaught(error)
  }

  var isWorking: Bool { false }

  var transmission: BodyTransmission? {
    if case .sending(let transmission, _) = state { transmission } else { nil }
  }

  func inputEnded() {}

  func clientIsLate() { connection.turn(.close) }

  func tick() {}

  func connectionIsCut(_ ending: AccessRecord.Ending) {
    let undelivered = connection.undeliveredBytes
    breakOff(ending, undelivered: undelivered)
    log.failed(ending, undelivered: undelivered)
  }

  /// What was being sent ends before its end.
  private func breakOff(_ ending: AccessRecord.Ending, undelivered: Int64) {
    guard case .sending(let transmission, let length) = state else { return }
    transmission.abandon()
    state = .over
    let taken = undelivered > 0 ? transmission.handedOver - undelivered : transmission.taken
    log.brokenOff(record(found: true, bytes: max(0, taken), length: length, ending))
  }

  /// Answers a name that has ended: by a line's end, by the end of the stream, or by a quiet time.
  func answer(_ bytes: ByteBuffer) {
    guard case .waiting = state, let context else { return }
    state = .answering
    name = Self.name(in: bytes)
    connection.turn(.answer)
    worker.shared.metrics.count(.bareNames)
    // There is no way to give a password here, so there is nothing to be had where one is needed.
    guard client.refusal == nil, worker.shared.authority == nil, let file = open() else {
      return sayMissing()
    }
    let size = file.metadata.size
    guard size > 0 else { return end(sent: 0, found: true) }
    let transmission = BodyTransmission(
      .parts(BodyPlan([.file(0..<size)]), of: file),
      context: context,
      way: worker.way(isEncrypted: client.isEncrypted)
    ) { [self] outcome in
      if outcome == .complete { return end(sent: size, found: true) }
      worker.shared.metrics.count(.brokenTransfers)
      connectionIsCut(.fileChanged)
      connection.turn(.abort)
    }
    state = .sending(transmission, length: size)
    transmission.start()
  }

  private static func name(in bytes: ByteBuffer) -> [UInt8] {
    var name = Array(bytes.readableBytesView.prefix { $0 != UInt8(ascii: "\n") })
    if name.last == UInt8(ascii: "\r") { name.removeLast() }
    return name
  }

  /// Opens what the name stands for: read as UTF-8, then as GB18030, then as the bytes that it is.
  private func open() -> OpenedFile? {
    guard !name.isEmpty, name.count <= Self.longestName else { return nil }
    var candidates = [name]
    if !Self.isUTF8(name), let decoded = GB18030.decode(name) { candidates.insert(decoded, at: 0) }
    for candidate in candidates {
      guard let path = ResourcePath(candidate), !path.namesDirectory, path.bytes == candidate else { continue }
      if let file = try? worker.shared.directory.open(path), file.metadata.kind == .file { return file }
    }
    return nil
  }

  private static func isUTF8(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

  private func sayMissing() {
    if worker.configuration.missingReply == .one {
      context?.write(Self.wrapOutboundOut(.byteBuffer(ByteBuffer(staticString: "1"))), promise: nil)
    }
    end(sent: 0, found: false)
  }

  private func end(sent: Int64, found: Bool) {
    state = .over
    worker.shared.metrics.sent(sent)
    if log.isKept { log.answered(record(found: found, bytes: sent, length: sent, .complete), now: worker.now) }
    // More of a name may still be on its way, and closing on it would reset what has not been read.
    connection.turn(.finish(mayFollow: true))
  }

  private func record(
    found: Bool,
    bytes: Int64,
    length: Int64,
    _ ending: AccessRecord.Ending
  ) -> AccessRecord {
    AccessRecord(
      client: client.address?.hostText ?? "-",
      user: nil,
      method: "NAME",
      target: String(decoding: name.prefix(Self.longestName), as: UTF8.self),
      version: "bare-name",
      isEncrypted: client.isEncrypted,
      status: found ? 200 : 404,
      bytes: bytes,
      referer: nil,
      userAgent: nil,
      duration: worker.eventLoop.now - started,
      length: found ? length : nil,
      ending: ending
    )
  }
}
