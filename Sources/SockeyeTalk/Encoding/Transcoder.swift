import Glibc

/// Converts text from one encoding to another, piece by piece.
///
/// A character that a piece cuts is kept until the next piece completes it. What is not valid in the source encoding,
/// or has no place in the destination's, becomes the replacement character (U+FFFD, or `?` where there is none).
public struct Transcoder: ~Copyable {
  private let descriptor: iconv_t
  private let replacement: [UInt8]
  /// The beginning of a character whose end has not arrived.
  private var incomplete: [UInt8] = []

  /// How many characters were replaced so far.
  public private(set) var replacedCount = 0

  /// The longest prefix of a character that any encoding of `iconv` leaves waiting, with room to spare.
  private static let longestIncomplete = 32

  /// Creates a converter, or nothing when the C library has none for the pair.
  ///
  /// - Parameters:
  ///   - source: The encoding of what comes in.
  ///   - destination: The encoding of what goes out.
  public init?(from source: TextEncoding, to destination: TextEncoding) {
    guard let descriptor = Self.open(from: source.name, to: destination.name) else { return nil }
    self.descriptor = descriptor
    if destination.isUTF8 {
      replacement = [0xEF, 0xBF, 0xBD]
    } else {
      replacement = Self.questionMark(in: destination.name)
    }
  }

  deinit { iconv_close(descriptor) }

  /// Whether the C library converts between two encodings.
  static func canConvert(from source: String, to destination: String) -> Bool {
    guard let there = open(from: source, to: destination) else { return false }
    iconv_close(there)
    guard let back = open(from: destination, to: source) else { return false }
    iconv_close(back)
    return true
  }

  private static func open(from source: String, to destination: String) -> iconv_t? {
    // iconv_open answers (iconv_t)-1 when there is no such conversion.
    guard let descriptor = iconv_open(destination, source), Int(bitPattern: descriptor) != -1 else { return nil }
    return descriptor
  }

  private static func questionMark(in encoding: String) -> [UInt8] {
    guard let descriptor = open(from: "UTF-8", to: encoding) else { return [] }
    defer { iconv_close(descriptor) }
    var output: [UInt8] = []
    var mark = [UInt8(ascii: "?")]
    let (rest, replaced) = run(descriptor, &mark, [], into: &output)
    // A byte order mark belongs to the start of a text, not to each replacement.
    if output.starts(with: [0xFF, 0xFE]) || output.starts(with: [0xFE, 0xFF]) { output.removeFirst(2) }
    return rest == 0 && replaced == 0 ? output : []
  }

  /// Converts the next piece and appends the result.
  ///
  /// - Parameters:
  ///   - input: The piece.
  ///   - output: What is appended to.
  public mutating func convert(_ input: some Sequence<UInt8>, into output: inout [UInt8]) {
    var pending = incomplete
    pending.append(contentsOf: input)
    incomplete.removeAll(keepingCapacity: true)
    let (rest, replaced) = Self.run(descriptor, &pending, replacement, into: &output)
    incomplete.append(contentsOf: pending.suffix(rest))
    replacedCount += replaced
  }

  /// Ends the text: a character that was never completed is replaced, and shift states are closed.
  ///
  /// - Parameter output: What is appended to.
  public mutating func finish(into output: inout [UInt8]) {
    if !incomplete.isEmpty {
      output.append(contentsOf: replacement)
      replacedCount += 1
      incomplete.removeAll()
    }
    var closing = [CChar](repeating: 0, count: 32)
    let written = closing.withUnsafeMutableBufferPointer { buffer -> Int in
      var pointer = buffer.baseAddress
      var space = buffer.count
      _ = iconv(descriptor, nil, nil, &pointer, &space)
      return buffer.count - space
    }
    output.append(contentsOf: closing[..<written].lazy.map { UInt8(bitPattern: $0) })
  }

  /// Converts a whole text at once.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - source: Its encoding.
  ///   - destination: The encoding wanted.
  /// - Returns: The converted text and how many characters had to be replaced.
  public static func convert(
    _ bytes: [UInt8],
    from source: TextEncoding,
    to destination: TextEncoding
  ) -> (bytes: [UInt8], replacedCount: Int) {
    guard source != destination, var transcoder = Transcoder(from: source, to: destination) else { return (bytes, 0) }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count * 2)
    transcoder.convert(bytes, into: &output)
    transcoder.finish(into: &output)
    return (output, transcoder.replacedCount)
  }

  /// Runs `iconv` over text, and puts the replacement where there is nothing valid. The work is proportional to the text,
  /// whatever it is: a peer may send what is invalid in every byte.
  ///
  /// - Returns: How many bytes at the end are the beginning of a character, and how many times something was replaced.
  private static func run(
    _ descriptor: iconv_t,
    _ input: inout [UInt8],
    _ replacement: [UInt8],
    into output: inout [UInt8]
  ) -> (rest: Int, replaced: Int) {
    var replaced = 0
    let rest = input.withUnsafeMutableBytes { bytes in
      var from = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      var left = bytes.count
      while left > 0 {
        let error = step(descriptor, &from, &left, into: &output)
        guard left > 0 else { break }
        if error == EINVAL, left <= longestIncomplete { return left }
        output.append(contentsOf: replacement)
        replaced += 1
        from = from.map { $0 + 1 }
        left -= 1
      }
      return 0
    }
    return (rest, replaced)
  }

  /// Converts up to the end, or to what is invalid.
  ///
  /// - Returns: 0, `EILSEQ` (the next character is invalid) or `EINVAL` (it is cut).
  private static func step(
    _ descriptor: iconv_t,
    _ from: inout UnsafeMutablePointer<CChar>?,
    _ left: inout Int,
    into output: inout [UInt8]
  ) -> CInt {
    var error: CInt = 0
    repeat {
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { space in
        var to = space.baseAddress
        var room = space.count
        error = iconv(descriptor, &from, &left, &to, &room) == Int(bitPattern: UInt.max) ? errno : 0
        let written = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(space)[..<(space.count - room)])
        output.append(contentsOf: written)
      }
    } while error == E2BIG
    return error
  }
}
