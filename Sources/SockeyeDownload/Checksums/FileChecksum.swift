internal import Crypto
public import SockeyeText

/// The digest that a file must have, and how it is made.
public struct FileChecksum: Hashable, Sendable {
  /// How a digest is made.
  ///
  /// MD5 and SHA-1 are what old lists have. They show that a file came across unharmed; who wants to can make another file that
  /// has the same.
  public enum Algorithm: String, Hashable, Sendable, CaseIterable {
    /// 128 bits (RFC 1321).
    case md5
    /// 160 bits (FIPS 180-4).
    case sha1
    /// 256 bits (FIPS 180-4).
    case sha256
    /// 384 bits (FIPS 180-4).
    case sha384
    /// 512 bits (FIPS 180-4).
    case sha512

    /// A name with or without a hyphen, such as `sha-256`, `SHA512` or `md5`.
    init?(name: some StringProtocol) {
      self.init(rawValue: name.lowercased().filter { $0 != "-" })
    }

    /// The length of a digest, in bytes.
    var length: Int {
      switch self {
      case .md5: 16
      case .sha1: 20
      case .sha256: 32
      case .sha384: 48
      case .sha512: 64
      }
    }

    /// Its name as people write it.
    public var name: String {
      switch self {
      case .md5: "MD5"
      case .sha1: "SHA-1"
      case .sha256: "SHA-256"
      case .sha384: "SHA-384"
      case .sha512: "SHA-512"
      }
    }
  }

  /// How it is made.
  public let algorithm: Algorithm
  /// The digest itself.
  public let bytes: [UInt8]

  /// A digest of the length that its algorithm has; nothing for one of another length.
  init?(_ algorithm: Algorithm, _ bytes: [UInt8]) {
    guard bytes.count == algorithm.length else { return nil }
    self.algorithm = algorithm
    self.bytes = bytes
  }

  /// A SHA-256.
  public init(_ digest: SHA256Sum) {
    algorithm = .sha256
    bytes = digest.bytes
  }

  /// Reads `ALGORITHM:HEX` or `ALGORITHM=HEX`; hexadecimal digits alone are of the algorithm whose digests have that length.
  public init?(_ text: String) {
    let digits: Substring
    if let separator = text.firstIndex(where: { $0 == ":" || $0 == "=" }) {
      digits = text[text.index(after: separator)...]
      guard let algorithm = Algorithm(name: text[..<separator]), let bytes = Self.bytes(digits.utf8) else { return nil }
      self.init(algorithm, bytes)
    } else {
      self.init(hexadecimal: text.utf8)
    }
  }

  /// Reads hexadecimal digits of a digest whose algorithm its length tells.
  init?(hexadecimal digits: some Collection<UInt8>) {
    guard let bytes = Self.bytes(digits),
      let algorithm = Algorithm.allCases.first(where: { $0.length == bytes.count })
    else { return nil }
    self.init(algorithm, bytes)
  }

  private static func bytes(_ digits: some Collection<UInt8>) -> [UInt8]? {
    let longest = 2 * Algorithm.sha512.length
    guard digits.count <= longest, digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for digit in digits {
      guard let value = Hexadecimal.value(digit) else { return nil }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }

  /// The digest, if it is a SHA-256, which a download makes of every file as it comes.
  var sha256: SHA256Sum? { algorithm == .sha256 ? SHA256Sum(bytes: bytes) : nil }
}

extension FileChecksum: CustomStringConvertible {
  /// The algorithm, a colon and hexadecimal digits.
  public var description: String { "\(algorithm.rawValue):\(Hexadecimal.text(bytes))" }
}

/// A digest in the making.
enum FileHash {
  case md5(Insecure.MD5)
  case sha1(Insecure.SHA1)
  case sha256(SHA256)
  case sha384(SHA384)
  case sha512(SHA512)

  init(_ algorithm: FileChecksum.Algorithm) {
    switch algorithm {
    case .md5: self = .md5(Insecure.MD5())
    case .sha1: self = .sha1(Insecure.SHA1())
    case .sha256: self = .sha256(SHA256())
    case .sha384: self = .sha384(SHA384())
    case .sha512: self = .sha512(SHA512())
    }
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .md5(let hash): self = .md5(Self.updated(hash, bytes))
    case .sha1(let hash): self = .sha1(Self.updated(hash, bytes))
    case .sha256(let hash): self = .sha256(Self.updated(hash, bytes))
    case .sha384(let hash): self = .sha384(Self.updated(hash, bytes))
    case .sha512(let hash): self = .sha512(Self.updated(hash, bytes))
    }
  }

  func finalize() -> FileChecksum? {
    switch self {
    case .md5(let hash): FileChecksum(.md5, Array(hash.finalize()))
    case .sha1(let hash): FileChecksum(.sha1, Array(hash.finalize()))
    case .sha256(let hash): FileChecksum(.sha256, Array(hash.finalize()))
    case .sha384(let hash): FileChecksum(.sha384, Array(hash.finalize()))
    case .sha512(let hash): FileChecksum(.sha512, Array(hash.finalize()))
    }
  }

  private static func updated<Function: HashFunction>(_ hash: Function, _ bytes: UnsafeRawBufferPointer) -> Function {
    var hash = hash
    hash.update(bufferPointer: bytes)
    return hash
  }
}
