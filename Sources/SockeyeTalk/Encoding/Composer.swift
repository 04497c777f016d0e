public import NIOCore
internal import SockeyeText
public import SockeyeTransport

/// Turns what a person or a file gives us into the bytes that go out: notation, encoding, line ending, checksum and
/// framing, in that order.
public struct Composer: ~Copyable {
  /// The settings of a ``Composer``.
  public struct Settings: Sendable {
    /// How input stands for bytes.
    public var notation = InputNotation.text
    /// The encoding of the bytes sent.
    public var encoding = TextEncoding.utf8
    /// What ends each line; nothing leaves lines as they came.
    public var lineEnding: LineEnding?
    /// A checksum to put behind each message.
    public var checksum: AppendedChecksum?
    /// How messages are told apart on the wire.
    public var framing = Framing.raw

    /// The defaults: bytes go out as they come in.
    public init() {}

    /// Whether input has to be taken apart into lines.
    fileprivate var needsLines: Bool {
      notation != .text || lineEnding != nil || checksum != nil || framing.wrapsMessages
    }
  }

  private let settings: Settings
  private var transcoder: Transcoder?
  /// The part of a line whose end has not come.
  private var partialLine: [UInt8] = []

  /// A line longer than this is taken in pieces.
  static let longestLine = 1 << 20

  /// Creates a composer.
  ///
  /// - Parameter settings: What it does to its input.
  public init(_ settings: Settings) {
    self.settings = settings
    if !settings.needsLines, !settings.encoding.isUTF8 {
      transcoder = Transcoder(from: .utf8, to: settings.encoding)
    } else {
      transcoder = nil
    }
  }

  /// Composes one whole message, such as a greeting.
  ///
  /// - Parameters:
  ///   - text: The message, without a line ending.
  ///   - settings: What to do to it.
  /// - Throws: A failure of kind `usage` when the message can't be read in its notation, encoded or framed.
  public static func message(_ text: String, _ settings: Settings) throws(Failure) -> ByteBuffer {
    var line = ArgumentText.bytes(of: text)
    if let ending = settings.lineEnding, settings.notation == .text { line = Self.lines(of: line, ending: ending) }
    return try message(line, ending: settings.lineEnding?.bytes ?? [], settings)
  }

  /// Text whose lines end as those of the input do.
  static func lines(of text: [UInt8], ending: LineEnding) -> [UInt8] {
    Array(
      text.split(separator: 0x0A, omittingEmptySubsequences: false).map { $0.last == 0x0D ? $0.dropLast() : $0 }
        .joined(separator: ending.bytes)
    )
  }

  private static func message(
    _ line: [UInt8],
    ending: [UInt8],
    _ settings: Settings
  ) throws(Failure) -> ByteBuffer {
    try compose([.typed(line)], ending: ending, settings).bytes
  }

  static func encode(_ text: [UInt8], _ encoding: TextEncoding) throws(Failure) -> [UInt8] {
    guard !encoding.isUTF8, !text.isEmpty else { return text }
    let (bytes, replacedCount) = Transcoder.convert(text, from: .utf8, to: encoding)
    guard replacedCount == 0 else { throw notEncodable(text, encoding) }
    return bytes
  }

  private static func notEncodable(_ text: some Collection<UInt8>, _ encoding: TextEncoding) -> Failure {
    let shown = VisibleText.of(String(decoding: text.prefix(40), as: UTF8.self))
    return Failure(.usage, .cannotEncode(shown, encoding.name))
  }

  /// Takes the next piece of streamed input and passes on what is ready to be sent.
  ///
  /// - Parameters:
  ///   - chunk: Any part of the input.
  ///   - send: Given each message, or each part of an unframed stream.
  /// - Throws: A failure of kind `usage`, as for ``message(_:_:)``.
  public mutating func consume(_ chunk: ByteBuffer, _ send: (ByteBuffer) -> Void) throws(Failure) {
    guard settings.needsLines else {
      guard transcoder != nil else { return send(chunk) }
      var output: [UInt8] = []
      let before = transcoder?.replacedCount
      transcoder?.convert(chunk.readableBytesView, into: &output)
      guard transcoder?.replacedCount == before else {
        throw Self.notEncodable(chunk.readableBytesView, settings.encoding)
      }
      if !output.isEmpty { send(ByteBuffer(bytes: output)) }
      return
    }
    var rest = chunk.readableBytesView[...]
    while let newline = rest.firstIndex(of: 0x0A) {
      partialLine.append(contentsOf: rest[..<newline])
      rest = rest[(newline + 1)...]
      let line = partialLine
      partialLine.removeAll(keepingCapacity: true)
      try sendLine(line, hasNewline: true, send)
    }
    partialLine.append(contentsOf: rest)
    if partialLine.count > Self.longestLine {
      let line = partialLine
      partialLine.removeAll()
      try sendLine(line, hasNewline: false, send)
    }
  }

  /// Ends the input: what is left of a line without an end is sent.
  ///
  /// - Parameter send: Given what is ready.
  /// - Throws: A failure of kind `usage`, as for ``message(_:_:)``.
  public mutating func finish(_ send: (ByteBuffer) -> Void) throws(Failure) {
    if transcoder != nil {
      var output: [UInt8] = []
      let before = transcoder?.replacedCount
      transcoder?.finish(into: &output)
      guard transcoder?.replacedCount == before else {
        throw Failure(.usage, .characterCut)
      }
      if !output.isEmpty { send(ByteBuffer(bytes: output)) }
    }
    if !partialLine.isEmpty {
      let line = partialLine
      partialLine.removeAll()
      try sendLine(line, hasNewline: false, send)
    }
  }

  private func sendLine(_ line: [UInt8], hasNewline: Bool, _ send: (ByteBuffer) -> Void) throws(Failure) {
    var line = line
    var ending: [UInt8] = []
    if let wanted = settings.lineEnding {
      if hasNewline, line.last == 0x0D { line.removeLast() }
      if hasNewline { ending = wanted.bytes }
    } else if hasNewline, settings.notation == .text, !settings.framing.wrapsMessages {
      ending = [0x0A]
    }
    let message = try Self.message(line, ending: ending, settings)
    if message.readableBytes > 0 { send(message) }
  }
}
