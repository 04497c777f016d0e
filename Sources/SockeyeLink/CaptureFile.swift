internal import Glibc
internal import SockeyeWire

/// What a link carries, as a capture that Wireshark and its tools open.
///
/// A super-segment is one packet in it, with whatever checksum it had where it was seen.
public final class CaptureFile {
  private static let flushSize = 1 << 20

  private let path: String
  private let descriptor: Int32
  private var writer: PcapngWriter
  private let interface: Int
  private var bytes: [UInt8] = []

  /// Makes the file, or empties it.
  ///
  /// - Parameters:
  ///   - path: where.
  ///   - interfaceName: the interface that the packets pass.
  /// - Throws: `LinkError`.
  public init(path: String, interfaceName: String) throws(LinkError) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw LinkError("cannot write the capture \(path)", subject: .file) }
    self.path = path
    writer = PcapngWriter(application: "sockeye", into: &bytes)
    interface = writer.addInterface(PcapngInterface(name: interfaceName), into: &bytes)
  }

  deinit {
    try? flush()
    close(descriptor)
  }

  /// Adds a packet that came in or, unless `isInbound`, went out.
  package func add(_ packet: UnsafeRawBufferPointer, isInbound: Bool) throws(LinkError) {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    writer.addPacket(
      packet.bytes,
      at: UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_nsec),
      interface: interface,
      direction: isInbound ? .inbound : .outbound,
      into: &bytes
    )
    if bytes.count >= Self.flushSize { try flush() }
  }

  /// Writes what has not been written yet to the file.
  ///
  /// - Throws: `LinkError`.
  public func flush() throws(LinkError) {
    guard !bytes.isEmpty else { return }
    defer { bytes.removeAll(keepingCapacity: true) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
      }
      if count > 0 {
        written += count
      } else if errno != EINTR {
        throw LinkError("cannot write the capture \(path)", subject: .file)
      }
    }
  }
}
