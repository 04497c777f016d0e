import NIOCore
import SockeyeSimulator
import SockeyeWire
import Testing

@testable import SockeyeGateway

@Suite("Messages of name servers")
struct DNSMessageTests {
  private static let question = DNSQuestion("www.example.com").bytes
  /// Where the question's name is.
  private static let pointer: [UInt8] = [0xC0, 12]

  /// An answer with these records, of which so many are said to be in the answer section.
  private static func answer(_ records: [[UInt8]], count: Int? = nil) -> [UInt8] {
    var bytes = question
    bytes[2] = 0x81
    bytes[3] = 0x80
    bytes[6] = UInt8((count ?? records.count) >> 8)
    bytes[7] = UInt8((count ?? records.count) & 0xFF)
    return bytes + records.flatMap(\.self)
  }

  private static func record(_ name: [UInt8], type: UInt16, _ data: [UInt8], length: Int? = nil, ttl: UInt8 = 60)
    -> [UInt8]
  {
    let length = length ?? data.count
    return name + [UInt8(type >> 8), UInt8(type & 0xFF), 0, 1, 0, 0, 0, ttl, UInt8(length >> 8), UInt8(length & 0xFF)]
      + data
  }

  private static func name(_ text: String) -> [UInt8] {
    text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }

  @Test("An answer's addresses are those of the name that was asked for, by way of its aliases")
  func addresses() throws {
    let bytes = Self.answer([
      Self.record(Self.pointer, type: 5, Self.name("a.cdn.net"), ttl: 20),
      Self.record(Self.name("A.CDN.net"), type: 5, Self.name("b.cdn.net"), ttl: 90),
      Self.record(Self.name("b.cdn.net"), type: 1, [192, 0, 2, 1]),
      Self.record(Self.name("b.cdn.net"), type: 28, [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [9]),
      Self.record(Self.name("other.net"), type: 1, [192, 0, 2, 66]),
    ])
    let message = try DNSMessage(parsing: bytes)
    #expect(
      message.addresses.map(\.address) == [
        try #require(IPAddress("192.0.2.1")), try #require(IPAddress("2001:db8::9")),
      ]
    )
    #expect(message.addresses.map(\.timeToLive) == [20, 20])
    #expect(message.name.host?.text == "www.example.com" && message.identifier == 0x1234)
  }

  @Test("A failure gives no addresses, and a question none either")
  func none() throws {
    var bytes = Self.answer([Self.record(Self.pointer, type: 1, [192, 0, 2, 1])])
    bytes[3] |= 3
    #expect(try DNSMessage(parsing: bytes).addresses.isEmpty)
    bytes[3] &= 0xF0
    bytes[2] &= 0x7F
    #expect(try DNSMessage(parsing: bytes).addresses.isEmpty)
  }

  /// What isn't a message, and why.
  static let broken: [(String, [UInt8])] = [
    ("nothing", []),
    ("half a header", Array(question[..<11])),
    ("no question", question[..<5] + [0] + question[6..<12]),
    ("two questions", Array(question[..<5]) + [2] + Array(question[6...])),
    ("a question that is cut", Array(question.dropLast())),
    ("a name without an end", Array(question[..<12]) + [3, 97, 98, 99]),
    ("a label past the end", Array(question[..<12]) + [63, 97, 0, 0, 1, 0, 1]),
    ("a label of a kind that isn't", Array(question[..<12]) + [0x40, 0, 0, 1, 0, 1]),
    ("a label of another", Array(question[..<12]) + [0x80, 0, 0, 1, 0, 1]),
    ("a pointer to itself", Array(question[..<12]) + [0xC0, 12, 0, 1, 0, 1]),
    ("a pointer forward", Array(question[..<12]) + [0xC0, 30, 0, 1, 0, 1]),
    ("a pointer into the header", Array(question[..<12]) + [0xC0, 2, 0, 1, 0, 1]),
    ("half a pointer", Array(question[..<12]) + [0xC0]),
    (
      "a name of 256 bytes",
      Array(question[..<12])
        + name(Array(repeating: String(repeating: "a", count: 63), count: 4).joined(separator: ".")) + [0, 1, 0, 1]
    ),
    ("records that aren't there", answer([], count: 1)),
    ("more records than anybody has", answer([], count: 513)),
    ("an address of three bytes", answer([record(pointer, type: 1, [1, 2, 3])])),
    ("an address of five bytes", answer([record(pointer, type: 1, [1, 2, 3, 4, 5])])),
    ("an IPv6 address of four bytes", answer([record(pointer, type: 28, [1, 2, 3, 4])])),
    ("data past the end", answer([record(pointer, type: 16, [1, 2], length: 3)])),
    ("an alias that is shorter than its data", answer([record(pointer, type: 5, name("a.b") + [7])])),
    ("an alias that is longer than its data", answer([record(pointer, type: 5, name("a.b"), length: 3)])),
    ("an alias that points to itself", answer([record(pointer, type: 5, [0xC0, 45])])),
    ("a record that is cut", answer([Array(record(pointer, type: 1, [1, 2, 3, 4]).prefix(9))])),
  ]

  @Test("What isn't a message isn't read", arguments: broken)
  func malformed(what: String, bytes: [UInt8]) {
    #expect(throws: DNSMessage.Problem.self, "\(what)") { try DNSMessage(parsing: bytes) }
  }

  @Test("Pointers are followed backwards, as often as names have room")
  func pointers() throws {
    // Each name is a label and a pointer to the one before.
    var bytes = Self.question
    bytes[2] = 0x81
    var place = 12
    var names: [UInt8] = []
    for index in 0..<100 {
      let next = Self.question.count + names.count
      names += Self.record([1, 97, 0xC0 | UInt8(place >> 8), UInt8(place & 0xFF)], type: 16, [])
      place = next
      bytes[7] = UInt8(index + 1)
    }
    #expect(try DNSMessage(parsing: bytes + names).answers.count == 100)
    for index in 100..<200 {
      let next = Self.question.count + names.count
      names += Self.record([1, 97, 0xC0 | UInt8(place >> 8), UInt8(place & 0xFF)], type: 16, [])
      place = next
      bytes[7] = UInt8(index + 1)
    }
    #expect(throws: DNSMessage.Problem.self, "a name of more than 255 bytes") { try DNSMessage(parsing: bytes + names) }
  }

  @Test("A label's dot isn't a name's, and what no host is called is no host's name")
  func labels() throws {
    var bytes = Array(Self.question[..<12])
    bytes += [13] + Array("a.example.com".utf8) + [3] + Array("net".utf8) + [0, 0, 1, 0, 1]
    let message = try DNSMessage(parsing: bytes)
    #expect(message.name.host == nil && message.name.text == "a\\046example\\046com.net")
    bytes = Array(Self.question[..<12]) + [0, 0, 2, 0, 1]
    #expect(try DNSMessage(parsing: bytes).name.text == "." && DNSMessage(parsing: bytes).name.host == nil)
    bytes = Array(Self.question[..<12]) + [3, 0, 10, 255, 0, 0, 1, 0, 1]
    #expect(try DNSMessage(parsing: bytes).name.text == "\\000\\010\\255")
  }

  @Test("Answers of the gateway's own are messages, whatever was asked")
  func ownAnswers() throws {
    let addresses = ["192.0.2.1", "2001:db8::1", "192.0.2.2"].compactMap { IPAddress($0) }
    for (type, count) in [(UInt16(1), 2), (28, 1), (16, 0)] {
      let question = DNSQuestion("db.example", type: type).bytes
      let answer = try DNSMessage(parsing: question).answer(to: question, addresses: addresses, timeToLive: 70_000)
      let message = try DNSMessage(parsing: answer)
      #expect(message.isResponse && message.addresses.count == count && message.identifier == 0x1234)
      #expect(message.addresses.allSatisfy { $0.timeToLive == 70_000 })
    }
    for (what, bytes) in Self.broken {
      guard let answer = DNSMessage.refusal(of: bytes, for: .formatError) else { continue }
      #expect(answer[2] & 0x80 != 0 && answer[3] & 0xF == 1 && Array(answer[..<2]) == Array(bytes[..<2]), "\(what)")
    }
  }

  @Test("Any bytes are read or refused, and refused in a form that can be read", arguments: 0..<4 as Range<UInt64>)
  func anyBytes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let seeds =
      Self.broken.map(\.1) + [
        Self.question, Self.answer([Self.record(Self.pointer, type: 5, Self.name("a.cdn.net"))]),
        Self.answer([
          Self.record(Self.pointer, type: 1, [192, 0, 2, 1]),
          Self.record([0xC0, 16], type: 28, [UInt8](repeating: 1, count: 16)),
        ]),
      ]
    for _ in 0..<20_000 {
      var bytes = seeds[Int(generator.next() % UInt64(seeds.count))]
      for _ in 0..<generator.next() % 4 where !bytes.isEmpty {
        bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
      }
      if generator.next() % 8 == 0 { bytes.removeLast(Int(generator.next() % UInt64(bytes.count + 1))) }
      if let message = try? DNSMessage(parsing: bytes) {
        _ = message.addresses
        _ = message.name.text
        #expect(message.name.labels.count <= 254)
      }
      if let refusal = DNSMessage.refusal(of: bytes, for: .refused), refusal[5] == 1 {
        #expect((try? DNSMessage(parsing: refusal)) != nil)
      }
    }
  }
}

@Suite("The names that a child was told")
struct KnownNamesTests {
  private let address = IPAddress.v4(IPv4Address(192, 0, 2, 1))

  @Test("A name holds for as long as it was said, ten minutes at least and a day at most")
  func time() throws {
    var names = KnownNames()
    let (short, long, endless) = try (
      #require(HostName(ascii: "short.example")), #require(HostName(ascii: "long.example")),
      #require(HostName(ascii: "endless.example"))
    )
    names.note(short, address, timeToLive: 0, now: .uptimeNanoseconds(0))
    names.note(long, address, timeToLive: 3600, now: .uptimeNanoseconds(0))
    names.note(endless, address, timeToLive: .max, now: .uptimeNanoseconds(0))
    func known(after time: Int64) -> [String] {
      names.names(of: address, now: .uptimeNanoseconds(0) + .seconds(time)).map(\.name.text)
    }
    #expect(known(after: 599) == ["endless.example", "long.example", "short.example"])
    #expect(known(after: 600) == ["endless.example", "long.example"])
    #expect(known(after: 3600) == ["endless.example"])
    #expect(known(after: 86_400) == [])
  }

  @Test("What is remembered is bounded, in all and for each address, and what expires first gives way")
  func bound() throws {
    var names = KnownNames()
    for index in 0..<100 {
      let name = try #require(HostName(ascii: "n\(index).example"))
      names.note(name, address, timeToLive: UInt32(1000 + index), now: .uptimeNanoseconds(0))
    }
    #expect(names.names(of: address, now: .uptimeNanoseconds(1)).count == KnownNames.mostOfAddress)
    #expect(names.names(of: address, now: .uptimeNanoseconds(1)).first?.name.text == "n99.example")
    let name = try #require(HostName(ascii: "many.example"))
    for index in 0..<20_000 as Range<UInt32> {
      names.note(
        name,
        .v4(IPv4Address(rawValue: 0x0B00_0000 + index)),
        timeToLive: 1000 + index,
        now: .uptimeNanoseconds(0)
      )
    }
    #expect(names.toldCount <= KnownNames.mostTold)
    #expect(names.names(of: .v4(IPv4Address(rawValue: 0x0B00_0000 + 19_999)), now: .uptimeNanoseconds(1)).count == 1)
  }

  @Test("What the user gives holds always, and comes first")
  func given() throws {
    let name = try #require(HostName(ascii: "db.example"))
    let other = try #require(HostName(ascii: "other.example"))
    var names = KnownNames(given: [name: [address]])
    names.note(other, address, timeToLive: 60, now: .uptimeNanoseconds(0))
    #expect(names.names(of: address, now: .uptimeNanoseconds(1)) == [KnownName(name, isGiven: true), KnownName(other)])
    #expect(names.names(of: address, now: .distantFuture) == [KnownName(name, isGiven: true)])
  }
}
