import Glibc
import NIOCore
import SockeyeTransport

/// The bare-name protocol: a name comes, the file's bytes go, and the connection ends.
///
/// It has no status and no length. A missing file is answered with the byte `1` or with nothing, as the two tutorials
/// have it; a file that changes while it is sent ends in a reset, which is the only sign that this protocol has room for.
final class BareNameExchange {
  private let gate: ConnectionGate
  private let context: ChannelHandlerContext
  private var bytes = ByteBuffer()
  private var isAnswering = false

  /// The longest name that is taken, in bytes.
  static let longestName = 4096

  init(gate: ConnectionGate, context: ChannelHandlerContext) {
    self.gate = gate
    self.context = context
  }

  private var worker: ServiceWorker { self.gate.worker }

  /// Takes bytes of the name.
  func received(_ buffer: ByteBuffer) {
    guard !self.isAnswering else { return }
    self.bytes.writeImmutableBuffer(buffer)
  }

  /// The client has ended its side.
  func inputClosed() {
    if !self.isAnswering { nameIsComplete() }
  }

  func connectionEnded() {}

  /// The name has ended: by a line's end, by the end of the stream, or by a quiet time.
  func nameIsComplete() {
    guard !self.isAnswering else { return }
    isAnswering = true
    self.gate.wait(for: .nothing)
    worker.shared.metrics.count(.bareNames)
    // There is no way to give a password here, so there is nothing to be had where one is needed.
    guard self.gate.refusal == nil, worker.shared.authority == nil, let file = self.open() else {
      return sayMissing()
    }
    let size = file.metadata.size
    guard size > 0 else { return end(sent: 0, found: true) }
    let transmission = BodyTransmission(
      .parts([.file(0..<size)], of: file),
      context: self.context,
      byCopy: self.gate.isEncrypted || !self.worker.sendsFiles,
      rate: worker.configuration.rate,
      pool: worker.shared.filePool
    ) { [self] outcome in
      self.gate.transmission = nil
      if outcome == .complete { end(sent: size, found: true) } else { self.gate.abort() }
    }
    self.gate.transmission = transmission
    transmission.resume()
  }

  private var name: [UInt8] {
    var name = Array(self.bytes.readableBytesView.prefix { $0 != UInt8(ascii: "\n") })
    if name.last == UInt8(ascii: "\r") { name.removeLast() }
    return name
  }

  /// Opens what the name stands for: read as UTF-8, then as GB18030, then as the bytes that it is.
  private func open() -> OpenedFile? {
    let name = self.name
    guard !name.isEmpty, name.count <= Self.longestName else { return nil }
    var candidates = [name]
    if !Self.isUTF8(name), let decoded = GB18030.decode(name) { candidates.insert(decoded, at: 0) }
    for candidate in candidates {
      guard let path = ResourcePath(candidate), !path.namesDirectory else { continue }
      if let file = try? worker.shared.directory.open(path), file.metadata.kind == .file { return file }
    }
    return nil
  }

  private static func isUTF8(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

  private func sayMissing() {
    if worker.configuration.missingReply == .one {
      self.context.write(NIOAny(IOData.byteBuffer(ByteBuffer(staticString: "1"))), promise: nil)
    }
    end(sent: 0, found: false)
  }

  private func end(sent: Int64, found: Bool) {
    worker.shared.metrics.sent(sent)
    if let record = worker.configuration.accessLog {
      record(
        AccessRecord(
          client: self.gate.peer?.hostText ?? "-",
          user: nil,
          method: "NAME",
          target: String(decoding: self.name.prefix(Self.longestName), as: UTF8.self),
          version: "bare-name",
          isEncrypted: self.gate.isEncrypted,
          status: found ? 200 : 404,
          bytes: sent,
          referer: nil,
          userAgent: nil,
          duration: .nanoseconds(0)
        )
      )
    }
    // More of a name may still be on its way, and closing on it would reset what has not been read.
    self.context.flush()
    self.gate.linger(self.context)
  }
}
