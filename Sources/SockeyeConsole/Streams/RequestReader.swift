internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// Takes a program's requests apart into lines. Confined to the console's event loop.
final class RequestReader {
  private let take: (ByteBuffer) -> Void
  private let ended: (Failure?) -> Void
  private var reader: DescriptorReader?
  private var line = ByteBuffer()
  /// A line that is too long: the rest of it is passed over.
  private var isOverlong = false
  private var hasEnded = false
  var isHeld = false {
    didSet { if !isHeld { pump() } }
  }

  /// Creates a reader.
  ///
  /// - Parameters:
  ///   - take: Given each line.
  ///   - ended: Told once that nothing more comes, and why.
  init(take: @escaping (ByteBuffer) -> Void, ended: @escaping (Failure?) -> Void) {
    self.take = take
    self.ended = ended
  }

  func start(_ reader: DescriptorReader) {
    self.reader = reader
    pump()
  }

  /// Takes what there is, until it is held.
  func pump() {
    while !isHeld, !hasEnded, let reader {
      switch reader.next() {
      case .nothing: return
      case .bytes(let bytes): split(bytes)
      case .end:
        if line.readableBytes > 0 { finishLine() }
        end(nil)
      case .failed(let error): end(Failure(.localFile, .cannotReadRequests(.system(error))))
      }
    }
  }

  private func end(_ failure: Failure?) {
    hasEnded = true
    ended(failure)
  }

  private func split(_ bytes: ByteBuffer) {
    var bytes = bytes
    while let newline = bytes.readableBytesView.firstIndex(of: 0x0A) {
      append(bytes.readSlice(length: newline - bytes.readerIndex))
      bytes.moveReaderIndex(forwardBy: 1)
      finishLine()
    }
    append(bytes)
  }

  private func append(_ part: ByteBuffer?) {
    guard let part, !isOverlong else { return }
    guard line.readableBytes + part.readableBytes <= ConsoleServer.largestRequest else {
      // What is left of it is no JSON, and refused as such.
      isOverlong = true
      return line.clear(minimumCapacity: 0)
    }
    line.writeImmutableBuffer(part)
  }

  private func finishLine() {
    let isBlank = line.readableBytesView.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    if isOverlong || !isBlank { take(line) }
    isOverlong = false
    line.clear(minimumCapacity: 0)
  }
}
