/// Reads XML whose names belong to namespaces (Namespaces in XML 1.0): each prefix is replaced by what it stands for.
package struct QualifiedXMLReader {
  /// What an element is called, whatever prefix it was written with.
  package struct Name: Hashable, Sendable {
    /// The namespace, empty for none.
    package let namespace: String
    package let local: String

    package init(namespace: String, local: String) {
      self.namespace = namespace
      self.local = local
    }
  }

  package enum Piece: Equatable {
    case start(Name)
    case end(Name)
    case text(String)
  }

  private var reader: XMLReader
  /// What each open element declares; nothing for most.
  private var scopes: [[String: String]?] = []
  /// The elements that are open, the outermost first: one that has just started is the last.
  package private(set) var path: [Name] = []

  package init(_ bytes: [UInt8]) { reader = XMLReader(bytes) }

  /// The next piece; nothing at the end of the document.
  ///
  /// - Throws: `XMLReader.Malformed`, also for a prefix that stands for nothing.
  package mutating func next() throws(XMLReader.Malformed) -> Piece? {
    switch try reader.next() {
    case nil: return nil
    case .text(let text)?: return .text(text)
    case .end?:
      _ = scopes.popLast()
      guard let name = path.popLast() else { throw XMLReader.Malformed() }
      return .end(name)
    case .start(let name, let attributes)?:
      scopes.append(try Self.declarations(in: attributes))
      let name = try qualified(name)
      path.append(name)
      return .start(name)
    }
  }

  private static func declarations(in attributes: [String: String]) throws(XMLReader.Malformed) -> [String: String]? {
    var declarations: [String: String]?
    for (key, value) in attributes {
      if key == "xmlns" {
        declarations = (declarations ?? [:]).merging(["": value]) { $1 }
      } else if key.hasPrefix("xmlns:") {
        // Section 6.1: only the default namespace can be taken back.
        guard !value.isEmpty else { throw XMLReader.Malformed() }
        declarations = (declarations ?? [:]).merging([String(key.dropFirst(6)): value]) { $1 }
      }
    }
    return declarations
  }

  private func qualified(_ name: String) throws(XMLReader.Malformed) -> Name {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, let local = parts.last, !local.isEmpty else { throw XMLReader.Malformed() }
    let prefix = parts.count == 2 ? String(parts[0]) : ""
    guard parts.count == 1 || !prefix.isEmpty else { throw XMLReader.Malformed() }
    for case let scope? in scopes.reversed() {
      if let namespace = scope[prefix] { return Name(namespace: namespace, local: String(local)) }
    }
    guard prefix.isEmpty else { throw XMLReader.Malformed() }
    return Name(namespace: "", local: String(local))
  }
}

/// Text as XML has it.
package enum XMLText {
  /// Escapes what is markup, and replaces what no document may have in it (XML 1.0, section 2.2).
  package static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r": result += "&#\(scalar.value);"
      case "\u{0}"..."\u{1f}", "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The character that a reference stands for, written without its `&` and `;`; `nil` where it is none.
  package static func character(_ reference: String) -> Unicode.Scalar? {
    switch reference {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default: break
    }
    let isHexadecimal = reference.hasPrefix("#x")
    let digits = reference.dropFirst(isHexadecimal ? 2 : 1)
    guard reference.hasPrefix("#"), digits.utf8.allSatisfy({ $0 != 0x2b && $0 != 0x2d }),
      let value = UInt32(digits, radix: isHexadecimal ? 16 : 10), let scalar = Unicode.Scalar(value), value != 0
    else { return nil }
    return scalar
  }
}

extension QualifiedXMLReader.Name {
  /// A name of WebDAV's own (RFC 4918, section 21.1).
  package static func dav(_ local: String) -> Self { Self(namespace: "DAV:", local: local) }
}
