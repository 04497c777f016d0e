/// A host's name as name servers, HTTP and TLS know it: a name in any script becomes letters, digits and hyphens
/// (RFC 5891, IDNA 2008).
public enum InternationalName {
  /// The longest label, in bytes (RFC 1035, section 2.3.4).
  private static let longestLabel = 63

  /// Turns a name into its ASCII form. Names that are ASCII already, and addresses, stay as they are.
  ///
  /// Before the rules of the RFC, what people type is mapped as RFC 5895 has it: to lower case, to composed characters,
  /// the full stops of East Asian scripts to dots, and their wide letters, digits and hyphens to those of ASCII.
  ///
  /// - Throws: A failure of kind `usage` when a label has characters that names can't have, or is too long.
  public static func ascii(_ host: String) throws(Failure) -> String {
    guard !host.utf8.allSatisfy({ $0 < 0x80 }) else { return host }
    // The standard library's name for NFC; Foundation would be a dependency for this alone.
    let composed = String(decoding: host.lowercased()._nfcCodeUnits, as: UTF8.self)
    let mapped = composed.unicodeScalars.map(Self.narrow)
    let labels = mapped.split(separator: ".", omittingEmptySubsequences: false)
    var encoded: [String] = []
    for label in labels { encoded.append(try ascii(label: Array(label), of: host)) }
    return encoded.joined(separator: ".")
  }

  /// Nothing else that is wide or narrow becomes ASCII: a slash or a colon would end the name.
  private static func narrow(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0x3002, 0xff0e, 0xff61: "."
    case 0xff0d, 0xff10...0xff19, 0xff41...0xff5a: Unicode.Scalar(scalar.value - 0xfee0) ?? scalar
    default: scalar
    }
  }

  /// RFC 5891, section 4.4.
  private static func ascii(label: [Unicode.Scalar], of host: String) throws(Failure) -> String {
    guard !label.allSatisfy(\.isASCII) else { return String(String.UnicodeScalarView(label)) }
    guard isValid(label), let code = Punycode.encode(label), code.utf8.count + 4 <= longestLabel else {
      let text = String(String.UnicodeScalarView(label.prefix(80)))
      throw Failure(.usage, .badLabel("\(text)", "\(host.prefix(200))"))
    }
    return "xn--\(code)"
  }

  /// RFC 5891, section 4.2.3.
  private static func isValid(_ label: [Unicode.Scalar]) -> Bool {
    guard let first = label.first, let last = label.last, first != "-", last != "-" else { return false }
    guard !(label.count >= 4 && label[2] == "-" && label[3] == "-") else { return false }
    switch first.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: return false
    default: break
    }
    return label.indices.allSatisfy { isAllowed(label[$0], after: $0 > 0 ? label[$0 - 1] : nil) }
  }

  /// The rules of RFC 5892, section 2, by which nearly all characters are valid or not, and of its appendix A.1 and A.2 for
  /// the two joiners; what else depends on its neighbours is left to the name servers.
  private static func isAllowed(_ scalar: Unicode.Scalar, after previous: Unicode.Scalar?) -> Bool {
    switch scalar.value {
    case 0x200c, 0x200d: return previous?.properties.canonicalCombiningClass == .virama
    case 0xdf, 0x3c2, 0x6fd, 0x6fe, 0xf0b, 0x3007, 0xb7, 0x375, 0x5f3, 0x5f4, 0x30fb: return true
    case 0x640, 0x7fa, 0x302e, 0x302f, 0x3031...0x3035, 0x303b, 0xff00...0xffef: return false
    case 0x2d: return true
    default: break
    }
    guard !scalar.properties.isDefaultIgnorableCodePoint else { return false }
    switch scalar.properties.generalCategory {
    case .lowercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark, .decimalNumber: return true
    default: return false
    }
  }
}
