internal import SockeyeTalk

/// Messages in a table with a heading: `hex,text,name,order,delay,key,group,ending`, in any order, and any of them but `text` left out.
enum TableFile {
  private static let columns = ["hex", "text", "name", "order", "delay", "key", "group", "ending"]
  /// How many columns are read of a record.
  private static let widest = 256

  static func read(_ text: String) -> [QuickMessage] {
    let firstLine = text.unicodeScalars.prefix { $0 != "\n" }
    let separator = ([",", ";", "\t"] as [Unicode.Scalar]).first { firstLine.contains($0) } ?? ","
    var records = Self.records(text, separator)
    guard let first = records.first else { return [] }
    records.removeFirst()
    var places: [String: Int] = [:]
    for (place, name) in first.enumerated() {
      places[name.lowercased().filter { $0 != " " }] = places[name.lowercased().filter { $0 != " " }] ?? place
    }
    return records.compactMap { record in message(record, places) }
  }

  private static func message(_ record: [String], _ places: [String: Int]) -> QuickMessage? {
    func value(_ names: String...) -> String? {
      for name in names { if let place = places[name], place < record.count { return record[place] } }
      return nil
    }
    guard let text = value("text", "message", "data"), !text.isEmpty else { return nil }
    var result = QuickMessage()
    result.text = text
    result.form = ["1", "true", "yes", "hex", "h"].contains(value("hex", "form")?.lowercased()) ? .hex : .text
    result.name = value("name") ?? ""
    result.order = QuickMessage.number(value("order") ?? "", or: 0)
    result.delay = QuickMessage.number(value("delay") ?? "", or: 1000)
    result.key = value("key") ?? ""
    result.group = value("group") ?? ""
    result.ending = value("ending").flatMap { LineEnding(rawValue: $0) }
    return result
  }

  /// Takes a table apart: fields may be quoted, and hold separators, line ends and, doubled, quotation marks.
  private static func records(_ text: String, _ separator: Unicode.Scalar) -> [[String]] {
    var records: [[String]] = []
    var record: [String] = []
    var field = String.UnicodeScalarView()
    var isQuoted = false
    let scalars = Array(text.unicodeScalars)
    var place = 0
    func endField() {
      if record.count < widest { record.append(String(field)) }
      field.removeAll()
    }
    func endRecord() {
      endField()
      // A line without anything is no record.
      if record.contains(where: { !$0.isEmpty }) { records.append(record) }
      record.removeAll()
    }
    while place < scalars.count, records.count <= QuickMessage.most {
      let scalar = scalars[place]
      place += 1
      if isQuoted, scalar == "\"", place < scalars.count, scalars[place] == "\"" {
        field.append(scalar)
        place += 1
      } else if scalar == "\"", isQuoted || field.isEmpty {
        isQuoted.toggle()
      } else if isQuoted {
        field.append(scalar)
      } else if scalar == separator {
        endField()
      } else if scalar == "\n" {
        endRecord()
      } else if scalar != "\r" {
        field.append(scalar)
      }
    }
    endRecord()
    return records
  }

  static func write(_ messages: [QuickMessage]) -> String {
    let lines = messages.map { message in
      [
        message.form == .hex ? "1" : "0", message.text, message.name, "\(message.order)", "\(message.delay)",
        message.key, message.group,
        message.ending?.rawValue ?? "",
      ].map(quoted).joined(separator: ",")
    }
    return ([columns.joined(separator: ",")] + lines).map { $0 + "\r\n" }.joined()
  }

  private static func quoted(_ field: String) -> String {
    let isPlain = !field.unicodeScalars.contains { $0 == "," || $0 == "\"" || $0 == "\r" || $0 == "\n" }
    if isPlain { return field }
    let doubled = field.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] }
    return "\"" + String(String.UnicodeScalarView(doubled)) + "\""
  }
}
