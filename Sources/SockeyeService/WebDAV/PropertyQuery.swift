import SockeyeText

/// What a PROPFIND asks for: RFC 4918, section 14.20.
struct PropertyQuery: Equatable, Sendable {
  /// Properties that are told with their values, or only by their names.
  var live: [LiveProperty] = LiveProperty.allCases
  var isNamesOnly = false
  /// Properties that nothing here has, as the answer lists them.
  private(set) var unknown = ""

  /// Each entry of a folder repeats what it lacks of these: a small request must not make a huge answer.
  static let mostNames = 64
  private static let longestUnknown = 4096

  /// Everything.
  static let all = PropertyQuery()

  private init() {}

  /// Reads the body of a request. None at all asks for everything (section 9.1).
  ///
  /// - Throws: `XMLReader.Malformed`, also for more names than are answered.
  init(_ body: [UInt8]) throws(XMLReader.Malformed) {
    guard !body.isEmpty else { return }
    var reader = QualifiedXMLReader(body)
    var names: [QualifiedXMLReader.Name]?
    var isKnown = false
    while let piece = try reader.next() {
      switch piece {
      case .text, .end: break
      case .start(let name):
        let path = reader.path
        switch path.count {
        case 1: guard name == .dav("propfind") else { throw XMLReader.Malformed() }
        case 2 where name == .dav("allprop"): isKnown = true
        case 2 where name == .dav("propname"):
          isKnown = true
          isNamesOnly = true
        case 2 where name == .dav("prop"):
          isKnown = true
          names = names ?? []
        case 3 where path[1] == .dav("prop"): names?.append(name)
        default: break
        }
      }
    }
    guard isKnown, names?.count ?? 0 <= Self.mostNames else { throw XMLReader.Malformed() }
    if let names { try list(names) }
  }

  private mutating func list(_ names: [QualifiedXMLReader.Name]) throws(XMLReader.Malformed) {
    live = LiveProperty.allCases.filter { property in names.contains { LiveProperty($0) == property } }
    for name in names where LiveProperty(name) == nil { unknown += Self.element(name) }
    guard unknown.utf8.count <= Self.longestUnknown else { throw XMLReader.Malformed() }
  }

  /// An empty element of a name.
  static func element(_ name: QualifiedXMLReader.Name) -> String {
    "<x:\(name.local) xmlns:x=\"\(XMLText.escaped(name.namespace))\"/>"
      // No prefix can stand for no namespace.
      .replacing("x:\(name.local) xmlns:x=\"\"", with: "\(name.local) xmlns=\"\"")
  }
}

/// What a PROPPATCH would change: RFC 4918, section 14.19.
struct PropertyUpdate: Equatable, Sendable {
  private(set) var names: [QualifiedXMLReader.Name] = []

  /// - Throws: `XMLReader.Malformed`, also for more names than are answered.
  init(_ body: [UInt8]) throws(XMLReader.Malformed) {
    var reader = QualifiedXMLReader(body)
    while let piece = try reader.next() {
      switch piece {
      case .text, .end: break
      case .start(let name):
        let path = reader.path
        switch path.count {
        case 1: guard name == .dav("propertyupdate") else { throw XMLReader.Malformed() }
        case 4 where [.dav("set"), .dav("remove")].contains(path[1]) && path[2] == .dav("prop"): names.append(name)
        default: break
        }
      }
    }
    guard (1...PropertyQuery.mostNames).contains(names.count) else { throw XMLReader.Malformed() }
  }
}
