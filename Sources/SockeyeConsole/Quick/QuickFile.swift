internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// The files in which other programs keep their messages.
enum QuickFile: String, CaseIterable, Sendable {
  /// `sscom51.ini`: in GBK, `N1=order,name,delay` and `N101=A,text` or `N101=H,hexadecimal`.
  case sscom
  /// `packets.ini` of Packet Sender: a section for each packet, whose bytes are its `hexString`.
  case packetSender = "packet-sender"
  /// A table with a heading, as spreadsheets write it (RFC 4180), or after semicolons or tabs.
  case csv

  /// The name that a file gets.
  var fileName: String {
    switch self {
    case .sscom: "sscom51.ini"
    case .packetSender: "packets.ini"
    case .csv: "quick.csv"
    }
  }

  /// What a file looks like.
  init(lookingAt text: String) {
    let lines = Self.lines(text)
    if lines.contains(where: { $0.hasPrefix("hexString=") }) {
      self = .packetSender
    } else if lines.contains(where: { SSCOMFile.content($0) != nil }) {
      self = .sscom
    } else {
      self = .csv
    }
  }

  func read(_ text: String) -> [QuickMessage] {
    let found =
      switch self {
      case .sscom: SSCOMFile.read(Self.lines(text))
      case .packetSender: PacketSenderFile.read(Self.lines(text))
      case .csv: TableFile.read(text)
      }
    return found.prefix(QuickMessage.most).map(\.bounded)
  }

  /// Text as files have it: UTF-8, or else GB 18030, of which GBK is a part.
  static func decoded(_ bytes: [UInt8]) -> String {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let bytes = bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    guard let encoding = try? TextEncoding("gb18030") else { return String(decoding: bytes, as: UTF8.self) }
    return String(decoding: Transcoder.convert(bytes, from: encoding, to: .utf8).bytes, as: UTF8.self)
  }

  /// By scalars: a carriage return and a line feed are one character to Swift.
  static func lines(_ text: String) -> [Substring] {
    text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      Substring(line.last == "\r" ? line.dropLast() : line)
    }
  }

  /// Text without what would end a line, or begin another.
  static func oneLine(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      scalars.append(scalar == "\n" || scalar == "\r" || scalar == "\0" ? " " : scalar)
    }
    return String(scalars)
  }
}

/// SSCOM's messages.
enum SSCOMFile {
  /// SSCOM has 99 rows.
  private static let most = 99

  /// The number of a row whose content a line has, whether it is hexadecimal, and the content.
  static func content(_ line: Substring) -> (row: Int, isHex: Bool, text: Substring)? {
    guard let (number, value) = field(line), (101...100 + most).contains(number) else { return nil }
    guard value.hasPrefix("A,") || value.hasPrefix("H,") else { return nil }
    return (number - 100, value.hasPrefix("H"), value.dropFirst(2))
  }

  private static func field(_ line: Substring) -> (Int, Substring)? {
    guard line.hasPrefix("N"), let sign = line.firstIndex(of: "="), let number = Int(line[..<sign].dropFirst()) else {
      return nil
    }
    return (number, line[line.index(after: sign)...])
  }

  static func read(_ lines: [Substring]) -> [QuickMessage] {
    var rows: [Int: QuickMessage] = [:]
    for line in lines {
      if let (row, isHex, text) = content(line) {
        rows[row, default: QuickMessage()].form = isHex ? .hex : .text
        rows[row, default: QuickMessage()].text = String(text)
      } else if let (row, value) = field(line), (1...most).contains(row) {
        let parts = value.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count >= 3, let delay = parts.last else { continue }
        rows[row, default: QuickMessage()].order = QuickMessage.number(parts[0], or: 0)
        rows[row, default: QuickMessage()].name = parts[1..<(parts.count - 1)].joined(separator: ",")
        rows[row, default: QuickMessage()].delay = QuickMessage.number(delay, or: 1000)
      }
    }
    return rows.sorted { $0.key < $1.key }.map(\.value).filter { !$0.text.isEmpty }
  }

  static func write(_ messages: [QuickMessage]) -> String {
    var result = ""
    for (index, message) in messages.prefix(most).enumerated() {
      result += "N\(101 + index)=\(message.form == .hex ? "H" : "A"),\(QuickFile.oneLine(message.text))\r\n"
      let name = message.name.isEmpty ? "-" : QuickFile.oneLine(message.name)
      result += "N\(1 + index)=\(message.order),\(name),\(message.delay)\r\n"
    }
    return result
  }
}

/// Packet Sender's messages: an INI file as Qt writes it.
enum PacketSenderFile {
  static func read(_ lines: [Substring]) -> [QuickMessage] {
    var found: [QuickMessage] = []
    for line in lines {
      if line.hasPrefix("[") {
        found.append(QuickMessage(form: .hex))
        continue
      }
      guard !found.isEmpty, let sign = line.firstIndex(of: "=") else { continue }
      let value = plain(line[line.index(after: sign)...])
      switch line[..<sign] {
      case "hexString": found[found.count - 1].text = value
      case "name": found[found.count - 1].name = value
      default: continue
      }
    }
    return found.filter { !$0.text.isEmpty }
  }

  /// A value without its quotation marks; `\xHHHH` is a character.
  private static func plain(_ value: Substring) -> String {
    var rest = Substring(value)
    if rest.count >= 2, rest.hasPrefix("\""), rest.hasSuffix("\"") { rest = rest.dropFirst().dropLast() }
    var result = ""
    while let first = rest.popFirst() {
      guard first == "\\", let kind = rest.popFirst() else {
        result.append(first)
        continue
      }
      guard kind == "x" else {
        result.append(kind)
        continue
      }
      let digits = rest.prefix(4).prefix(while: \.isHexDigit)
      rest = rest.dropFirst(digits.count)
      if let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) { result.unicodeScalars.append(scalar) }
    }
    return result
  }

  /// - Parameter messages: Each with the bytes that it stands for.
  static func write(_ messages: [(QuickMessage, [UInt8])]) -> String {
    messages.enumerated().map { index, entry in
      let (message, bytes) = entry
      let name = QuickFile.oneLine(message.name.isEmpty ? "\(index + 1)" : message.name)
      let fields = [
        "[\(section(name))]", "fromIP=", "fromPort=0", "hexString=\(Hex.text(bytes))", "name=\"\(quoted(name))\"",
        "port=0", "repeat=0",
        "sendResponse=0", "tcpOrUdp=TCP", "toIP=127.0.0.1",
      ]
      return fields.map { $0 + "\n" }.joined()
    }.joined(separator: "\n")
  }

  private static func quoted(_ name: String) -> String {
    String(name.flatMap { $0 == "\\" || $0 == "\"" ? ["\\", $0] : [$0] })
  }

  /// The name of a section: what isn't plain is percent-encoded, as Qt does.
  private static func section(_ name: String) -> String {
    name.utf8.map { byte in
      let isPlain =
        byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber)
      return isPlain ? String(Unicode.Scalar(byte)) : "%" + Variables.hexadecimal(byte).uppercased()
    }.joined()
  }
}
