import Glibc
internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// What a session records in a file. Confined to its event loop.
///
/// Nothing of it is dropped: while the disk is behind, peers aren't read from.
final class SessionRecord {
  /// The forms of records.
  enum Form: String, CaseIterable, Sendable {
    /// What peers say, byte for byte.
    case raw
    /// A line for each message: when, from or to whom, its text.
    case text
    /// The same with a dump in hexadecimal.
    case hex
    /// One event of SockeyeTalk a line.
    case ndjson
    /// Packets, for Wireshark.
    case pcapng
  }

  private enum Output {
    case lines(DescriptorWriter)
    case packets(ConversationRecorder)
  }

  let name: RecordName
  private let form: Form
  private let output: Output
  private let renderer: MessageRenderer
  private let json: EventJSON
  private let eventLoop: any EventLoop
  /// Small pieces on their way to the writer: to wake it for each would cost more than to write it.
  private var block = ByteBuffer()
  private var timer: Scheduled<Void>?
  private(set) var bytes: UInt64 = 0
  private(set) var failure: CInt?

  /// How large a block is handed over at once, in bytes.
  private static let blockSize = 65_536
  /// Pieces of this size go by themselves.
  private static let largeSize = 4096
  /// How long a block waits for more.
  private static let patience = TimeAmount.milliseconds(10)

  /// Creates a record's file.
  ///
  /// - Parameter notify: Told, on any thread, when more can be recorded, or nothing any more.
  init(
    _ name: RecordName,
    _ form: Form,
    in directory: String,
    _ settings: SessionSettings,
    on eventLoop: any EventLoop,
    notify: @escaping @Sendable (DescriptorWriter.Event) -> Void
  ) throws(ConsoleError) {
    self.name = name
    self.form = form
    self.eventLoop = eventLoop
    var rendering = MessageRenderer.Settings()
    rendering.encoding = settings.encoding
    rendering.form = form == .hex ? .both : .text
    rendering.showsTime = true
    rendering.showsPeer = true
    renderer = MessageRenderer(rendering)
    json = EventJSON(encoding: settings.encoding)
    let descriptor = try name.create(in: directory)
    do throws(Failure) {
      if form == .pcapng {
        let recorder = try ConversationRecorder(
          descriptor,
          named: name.text,
          isClient: settings.kind.isClient,
          isDatagram: settings.kind.isDatagram,
          isWhole: true,
          notify: notify
        )
        output = .packets(recorder)
      } else {
        output = .lines(try DescriptorWriter(descriptor: descriptor, closesDescriptor: true, notify: notify))
      }
    } catch {
      close(descriptor)
      throw ConsoleError(error)
    }
  }

  /// Whether more can be recorded just now.
  var isReady: Bool {
    switch output {
    case .lines(let writer): !writer.isFull
    case .packets(let recorder): !recorder.isBehind
    }
  }

  /// The disk takes nothing any more.
  func failed(_ error: CInt) { failure = error }

  /// Records that somebody was there already.
  func begin(with peers: some Sequence<Peer>) {
    if case .packets(let recorder) = output { for peer in peers { recorder.opened(peer) } }
  }

  /// Records something that happened.
  func take(_ event: ConversationEvent) {
    guard failure == nil else { return }
    switch output {
    case .packets(let recorder): recorder.take(event)
    case .lines(let writer):
      guard let line = line(event) else { return }
      bytes &+= UInt64(line.readableBytes)
      gather(line, for: writer)
    }
  }

  private func gather(_ line: ByteBuffer, for writer: DescriptorWriter) {
    guard line.readableBytes < Self.largeSize else {
      handOver(to: writer)
      writer.write(line)
      return
    }
    block.writeImmutableBuffer(line)
    guard block.readableBytes < Self.blockSize else { return handOver(to: writer) }
    guard timer == nil else { return }
    timer = eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [self] in handOver(to: writer) }
  }

  private func handOver(to writer: DescriptorWriter) {
    timer?.cancel()
    timer = nil
    guard block.readableBytes > 0 else { return }
    writer.write(block)
    block = ByteBuffer()
  }

  private func line(_ event: ConversationEvent) -> ByteBuffer? {
    if form == .ndjson { return ByteBuffer(string: json.line(event, at: .now)) }
    switch event {
    case .received(_, let message) where form == .raw: return message.bytes
    case .received(let peer, let message): return labelled("<", message, peer)
    case .sent(let peer, let bytes) where form != .raw: return labelled(">", Message(bytes), peer)
    default: return nil
    }
  }

  private func labelled(_ direction: String, _ message: Message, _ peer: Peer) -> ByteBuffer {
    var line = ByteBuffer(string: direction + " ")
    line.writeImmutableBuffer(renderer.render(message, from: peer, at: .now))
    return line
  }

  /// Ends the record.
  ///
  /// - Returns: Succeeds once everything is written, or can't be.
  func end() -> EventLoopFuture<Void> {
    switch output {
    case .lines(let writer):
      handOver(to: writer)
      return eventLoop.makeFutureWithTask {
        _ = await writer.flush()
        writer.finish()
      }
    case .packets(let recorder): return eventLoop.makeFutureWithTask { _ = try? await recorder.finish() }
    }
  }
}
