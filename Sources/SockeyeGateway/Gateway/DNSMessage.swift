internal import SockeyeWire

/// A message to or from a name server (RFC 1035 section 4), as far as a gateway has to understand it: its header, its question,
/// and the addresses that it gives.
///
/// Whatever is wrong makes it none. Names are bounded by RFC 1035 section 2.3.4, and a pointer only points to before the name
/// that it is in, further than the one before it, so none is followed for ever.
struct DNSMessage: Equatable {
  /// Why bytes are no message.
  enum Problem: Error {
    case malformed
  }

  /// What an answer says of a name.
  struct Record: Equatable {
    enum Value: Equatable {
      case address(IPAddress)
      case alias(DNSName)
      /// Of another type, or class.
      case other
    }

    var name: DNSName
    /// For how many seconds.
    var timeToLive: UInt32
    var value: Value
  }

  static let headerLength = 12
  /// Records that a message may have: an answer of 64 KiB has room for four thousand, and nobody's has so many.
  static let mostRecords = 512

  var identifier: UInt16
  /// The header's second word: QR, OPCODE, AA, TC, RD, RA and RCODE.
  var flags: UInt16
  var name: DNSName
  var type: UInt16
  var recordClass: UInt16
  /// Where the question ends.
  var questionEnd: Int
  /// The answer section.
  var answers: [Record]

  var isResponse: Bool { flags & 0x8000 != 0 }
  /// A standard query (OPCODE 0), or the answer to one.
  var isStandard: Bool { flags & 0x7800 == 0 }
  var responseCode: UInt16 { flags & 0x000F }

  /// Reads a message with one question. What follows the answer section is stepped over, and has to be there.
  init(parsing bytes: [UInt8]) throws(Problem) {
    var reader = DNSReader(bytes)
    guard bytes.count <= 65_535 else { throw .malformed }
    identifier = try reader.word()
    flags = try reader.word()
    let questionCount = try reader.word()
    let counts = [try reader.word(), try reader.word(), try reader.word()]
    guard questionCount == 1, counts.reduce(0, { $0 + Int($1) }) <= Self.mostRecords else { throw .malformed }
    name = try reader.name()
    type = try reader.word()
    recordClass = try reader.word()
    questionEnd = reader.position
    answers = []
    for _ in 0..<counts[0] { answers.append(try reader.record()) }
    for _ in 0..<Int(counts[1]) + Int(counts[2]) { _ = try reader.record() }
  }

  /// The addresses that the answer gives the name that was asked for, by way of its aliases, and for how many seconds at most.
  var addresses: [(address: IPAddress, timeToLive: UInt32)] {
    guard isResponse, responseCode == 0 else { return [] }
    var names: Set<DNSName> = [name]
    var timeToLive = UInt32.max
    // An alias comes before what it stands for, if the server follows RFC 1034 section 4.3.2; where not, a second look finds it.
    for _ in 0..<2 {
      for case let record in answers {
        guard case .alias(let other) = record.value, names.contains(record.name) else { continue }
        names.insert(other)
        timeToLive = min(timeToLive, record.timeToLive)
      }
    }
    return answers.compactMap { record in
      guard case .address(let address) = record.value, names.contains(record.name) else { return nil }
      return (address, min(timeToLive, record.timeToLive))
    }
  }
}

/// A name as a name server has it, in lower case (RFC 4343).
struct DNSName: Hashable {
  /// The labels one behind the other, each behind its length, without the root's.
  let labels: [UInt8]

  /// The name of a host; nil for the root, and for what no host is called.
  var host: HostName? {
    var text: [UInt8] = []
    var position = 0
    while position < labels.count {
      let end = position + 1 + Int(labels[position])
      guard end <= labels.count else { return nil }
      let label = labels[position + 1..<end]
      guard label.allSatisfy(HostName.isNameByte) else { return nil }
      text += label
      text.append(UInt8(ascii: "."))
      position = end
    }
    return HostName(ascii: String(decoding: text.dropLast(), as: UTF8.self))
  }

  /// The name as zone files have it (RFC 1035 section 5.1): what could be mistaken is written as a number.
  var text: String {
    var text = ""
    var position = 0
    while position < labels.count {
      let end = min(position + 1 + Int(labels[position]), labels.count)
      if position > 0 { text += "." }
      for byte in labels[position + 1..<end] {
        if HostName.isNameByte(byte) {
          text.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
          let digits = String(byte)
          text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
      }
      position = end
    }
    return text.isEmpty ? "." : text
  }
}

/// Walks through a message.
struct DNSReader {
  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func word() throws(DNSMessage.Problem) -> UInt16 {
    guard bytes.count - position >= 2 else { throw .malformed }
    defer { position += 2 }
    return UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1])
  }

  mutating func name() throws(DNSMessage.Problem) -> DNSName {
    let (name, end) = try name(at: position)
    position = end
    return name
  }

  /// The name at a place, and where what follows it begins.
  private func name(at start: Int) throws(DNSMessage.Problem) -> (name: DNSName, end: Int) {
    var labels: [UInt8] = []
    var (place, end) = (start, nil as Int?)
    // A pointer leads to before where the walk began, or was led last.
    var limit = start
    while place < bytes.count {
      let length = Int(bytes[place])
      switch length {
      case 0:
        return (DNSName(labels: labels), end ?? place + 1)
      case 1...63:
        // 255 bytes in all, the root's length among them.
        guard bytes.count - place > length, labels.count + 1 + length <= 254 else { throw .malformed }
        labels.append(bytes[place])
        for byte in bytes[place + 1...place + length] {
          labels.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
        }
        place += 1 + length
      case 0xC0...:
        guard bytes.count - place >= 2 else { throw .malformed }
        let target = (length & 0x3F) << 8 | Int(bytes[place + 1])
        guard target < limit, target >= DNSMessage.headerLength else { throw .malformed }
        end = end ?? place + 2
        (place, limit) = (target, target)
      default:
        throw .malformed
      }
    }
    throw .malformed
  }

  /// The next resource record.
  mutating func record() throws(DNSMessage.Problem) -> DNSMessage.Record {
    let name = try name()
    let type = try word()
    let recordClass = try word()
    let timeToLive = UInt32(try word()) << 16 | UInt32(try word())
    let length = Int(try word())
    guard bytes.count - position >= length else { throw .malformed }
    let start = position
    position += length
    var value = DNSMessage.Record.Value.other
    switch (type, recordClass) {
    case (DNSType.address4, DNSType.internet):
      guard length == 4 else { throw .malformed }
      value = .address(.v4(IPv4Address(rawValue: UInt32(truncatingIfNeeded: number(start..<position)))))
    case (DNSType.address6, DNSType.internet):
      guard length == 16 else { throw .malformed }
      value = .address(.v6(IPv6Address(high: number(start..<start + 8), low: number(start + 8..<position))))
    case (DNSType.alias, DNSType.internet):
      let (other, end) = try self.name(at: start)
      guard end == position else { throw .malformed }
      value = .alias(other)
    default: break
    }
    // A time whose highest bit is set is none (RFC 2181 section 8).
    return DNSMessage.Record(name: name, timeToLive: timeToLive > .max >> 1 ? 0 : timeToLive, value: value)
  }

  private func number(_ range: Range<Int>) -> UInt64 {
    bytes[range].reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// Numbers of types and classes.
enum DNSType {
  static let address4: UInt16 = 1
  static let alias: UInt16 = 5
  static let address6: UInt16 = 28
  static let internet: UInt16 = 1
}
