internal import CSockeyeDigests

/// SHA-256 (FIPS 180-4) whose state can be written down half-way and taken up again.
///
/// A download that is killed after 90 GB shall not read 90 GB again to know the digest of the whole. For that the state
/// has to outlive the process, which the state of swift-crypto's `SHA256` cannot: it is opaque. That is the only reason
/// for this type; whoever doesn't need ``state`` takes swift-crypto's.
///
/// The states along a file form a chain: the bytes between two of them turn the first into the second, and no other
/// bytes do that anybody can find. So a stretch of a file is verified from the state before and the state after it,
/// and a digest for each piece isn't needed: one pass over the bytes yields both.
public struct ResumableSHA256: Sendable {
  /// All that there is to know about the bytes hashed so far.
  public struct State: Hashable, Sendable {
    /// The eight words H0 to H7 after the last whole block.
    public var words: [UInt32]
    /// The bytes after the last whole block: 0 to 63 of them.
    public var remainder: [UInt8]
    /// How many bytes have been hashed, the remainder included.
    public var count: UInt64

    /// A state that was written down before.
    public init(words: [UInt32], remainder: [UInt8], count: UInt64) {
      self.words = words
      self.remainder = remainder
      self.count = count
    }

    /// Section 5.3.3: the state before the first byte.
    public static let initial = State(
      words: [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
      ],
      remainder: [],
      count: 0
    )
  }

  /// The bytes that the function compresses at a time.
  public static let blockSize = 64

  /// What is known of the bytes so far.
  public private(set) var state: State

  /// Begins with no bytes, or goes on from a state.
  public init(_ state: State = .initial) {
    self.state = state
  }

  /// Adds bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    state.count += UInt64(bytes.count)
    var rest = bytes[...]
    if !self.state.remainder.isEmpty {
      let head = rest.prefix(Self.blockSize - state.remainder.count)
      state.remainder.append(contentsOf: head)
      rest = rest.dropFirst(head.count)
      guard state.remainder.count == Self.blockSize else { return }
      let block = state.remainder
      block.withUnsafeBytes { compress($0) }
      state.remainder.removeAll(keepingCapacity: true)
    }
    let wholeBlocks = rest.prefix(rest.count / Self.blockSize * Self.blockSize)
    compress(UnsafeRawBufferPointer(rebasing: wholeBlocks))
    state.remainder.append(contentsOf: rest.dropFirst(wholeBlocks.count))
  }

  /// The digest of all bytes so far, 32 bytes. More bytes may follow.
  public func finalize() -> [UInt8] {
    // Section 5.1.1: a one bit, zeros, and the length in bits as a 64-bit number fill the last block.
    var last = self
    let bits = state.count << 3
    var padding: [UInt8] = [0x80]
    let used = (state.remainder.count + 1 + 8) % Self.blockSize
    padding.append(contentsOf: repeatElement(0, count: used == 0 ? 0 : Self.blockSize - used))
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      padding.append(UInt8(truncatingIfNeeded: bits >> shift))
    }
    padding.withUnsafeBytes { last.update($0) }
    return last.state.words.flatMap { word in
      stride(from: UInt32(24), through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
    }
  }

  private mutating func compress(_ blocks: UnsafeRawBufferPointer) {
    guard let base = blocks.baseAddress, blocks.count >= Self.blockSize else { return }
    state.words.withUnsafeMutableBufferPointer { words in
      sockeye_sha256_compress(
        words.baseAddress,
        base.assumingMemoryBound(to: UInt8.self),
        blocks.count / Self.blockSize
      )
    }
  }
}

/// A SHA-256 digest as people and header fields write it.
public struct SHA256Sum: Hashable, Sendable, CustomStringConvertible {
  /// The 32 bytes.
  public let bytes: [UInt8]

  /// Creates a digest from its bytes; nothing unless there are 32.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// Reads 64 hexadecimal digits of either case.
  public init?(hexadecimal text: some StringProtocol) {
    guard text.utf8.count == 64 else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in text.utf8 {
      guard let digit = Hexadecimal.value(character) else { return nil }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    self.init(bytes: bytes)
  }

  /// 64 hexadecimal digits, in lower case.
  public var description: String { Hexadecimal.text(bytes) }
}

/// Numbers in base 16: two digits for a byte.
public enum Hexadecimal {
  /// What a digit stands for.
  public static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// Bytes as digits, in lower case.
  public static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      for nibble in [byte >> 4, byte & 0xf] {
        text.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
