internal import Crypto
public import SockeyeText
public import SockeyeTransport

/// A way to sum bytes up, from serial protocols to SHA-256.
public enum ChecksumAlgorithm: Hashable, Sendable {
  /// The sum of all bytes, modulo 2⁸.
  case sum8
  /// The sum of all bytes, modulo 2¹⁶.
  case sum16
  /// All bytes combined by exclusive or.
  case xor
  /// The longitudinal redundancy check of ISO 1155: the two's complement of the sum, modulo 2⁸.
  case lrc
  /// A cyclic redundancy check.
  case crc(CRC)
  /// The ones' complement of the ones' complement sum of all 16-bit words (RFC 1071).
  case internet
  /// SHA-256 (FIPS 180-4).
  case sha256

  /// Finds an algorithm.
  ///
  /// - Parameter name: `sum8`, `sum16`, `xor`, `lrc`, `internet`, `sha256`, or the name of a CRC as the
  ///   catalogue of SockeyeText has it.
  /// - Throws: A failure of kind `usage` when there is none of that name.
  public init(_ name: String) throws(Failure) {
    switch name.lowercased() {
    case "sum8": self = .sum8
    case "sum16": self = .sum16
    case "xor", "bcc": self = .xor
    case "lrc": self = .lrc
    case "internet", "ip", "rfc1071": self = .internet
    case "sha256", "sha-256": self = .sha256
    default:
      guard let crc = CRC.named(name) else {
        throw Failure(.usage, .noChecksum(name))
      }
      self = .crc(crc)
    }
  }

  /// All algorithms.
  public static let all: [ChecksumAlgorithm] =
    [.sum8, .sum16, .xor, .lrc, .internet, .sha256] + CRC.catalogue.map { .crc($0) }

  /// The name, as ``init(_:)`` takes it.
  public var name: String {
    switch self {
    case .sum8: "sum8"
    case .sum16: "sum16"
    case .xor: "xor"
    case .lrc: "lrc"
    case .crc(let crc): crc.name
    case .internet: "internet"
    case .sha256: "sha256"
    }
  }

  /// Starts a calculation.
  public func calculation() -> ChecksumCalculation {
    switch self {
    case .sum8: ChecksumCalculation(.sum(width: 1, isNegated: false, 0))
    case .sum16: ChecksumCalculation(.sum(width: 2, isNegated: false, 0))
    case .lrc: ChecksumCalculation(.sum(width: 1, isNegated: true, 0))
    case .xor: ChecksumCalculation(.xor(0))
    case .crc(let crc): ChecksumCalculation(.crc(crc.calculation(), width: crc.width / 8))
    case .internet: ChecksumCalculation(.internet(0, isOdd: false))
    case .sha256: ChecksumCalculation(.sha256(SHA256()))
    }
  }

  /// The checksum of some bytes, most significant byte first.
  public func checksum(of bytes: some ContiguousBytesView) -> [UInt8] {
    var calculation = self.calculation()
    bytes.withBytes { calculation.update($0) }
    return calculation.digest
  }
}

/// Bytes that lie together in memory.
public protocol ContiguousBytesView {
  /// Lends the bytes.
  func withBytes(_ body: (UnsafeRawBufferPointer) -> Void)
}

extension [UInt8]: ContiguousBytesView {
  /// Lends the bytes.
  public func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) { self.withUnsafeBytes(body) }
}

/// A checksum under way.
public struct ChecksumCalculation: Sendable {
  enum State: Sendable {
    case sum(width: Int, isNegated: Bool, UInt32)
    case xor(UInt8)
    case crc(CRC.Calculation, width: Int)
    case internet(UInt64, isOdd: Bool)
    case sha256(SHA256)
  }

  private var state: State

  init(_ state: State) { self.state = state }

  /// Takes the next bytes in.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    switch state {
    case .sum(let width, let isNegated, let sum):
      // Modulo 2³² contains modulo 2⁸ and 2¹⁶.
      state = .sum(width: width, isNegated: isNegated, bytes.reduce(sum) { $0 &+ UInt32($1) })
    case .xor(let value):
      state = .xor(bytes.reduce(value, ^))
    case .crc(var calculation, let width):
      calculation.update(bytes)
      state = .crc(calculation, width: width)
    case .internet(var sum, var isOdd):
      for byte in bytes {
        sum += isOdd ? UInt64(byte) : UInt64(byte) << 8
        isOdd.toggle()
      }
      // Folding here keeps the sum far from its limit, whatever the length.
      while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
      state = .internet(sum, isOdd: isOdd)
    case .sha256(var hash):
      hash.update(bufferPointer: bytes)
      state = .sha256(hash)
    }
  }

  /// The checksum of everything so far, most significant byte first.
  public var digest: [UInt8] {
    switch state {
    case .sum(let width, let isNegated, let sum):
      Self.bytes(isNegated ? 0 &- sum : sum, width: width)
    case .xor(let value): [value]
    case .crc(let calculation, let width): Self.bytes(calculation.value, width: width)
    case .internet(let sum, _): Self.bytes(~UInt32(truncatingIfNeeded: sum), width: 2)
    case .sha256(let hash): Array(hash.finalize())
    }
  }

  private static func bytes(_ value: UInt32, width: Int) -> [UInt8] {
    (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
  }
}

/// A checksum that is put behind each message sent.
public struct AppendedChecksum: Hashable, Sendable {
  /// The algorithm.
  public var algorithm: ChecksumAlgorithm
  /// Whether the least significant byte goes first, as Modbus wants it.
  public var isLittleEndian: Bool
  /// How many bytes at the beginning of the message are left out of it.
  public var skippedFirst = 0
  /// How many bytes at the end of the message are left out of it.
  public var skippedLast = 0

  /// Reads an algorithm's name, with `:le` or `:be` behind it where the order of bytes matters.
  ///
  /// - Throws: A failure of kind `usage`.
  public init(_ text: String) throws(Failure) {
    let lowercased = text.lowercased()
    isLittleEndian = lowercased.hasSuffix(":le")
    let hasOrder = isLittleEndian || lowercased.hasSuffix(":be")
    algorithm = try ChecksumAlgorithm(hasOrder ? String(text.dropLast(3)) : text)
  }

  /// What is put behind a message.
  public func bytes(over message: [UInt8]) -> [UInt8] {
    let isWhole = skippedFirst == 0 && skippedLast == 0
    let summed = isWhole ? message : Array(message.dropFirst(skippedFirst).dropLast(skippedLast))
    let digest = algorithm.checksum(of: summed)
    return isLittleEndian ? digest.reversed() : digest
  }
}
