import SockeyeText
import Testing

@Suite("Base64, and digests in header fields")
struct Base64Tests {
  @Test("Base64 is what RFC 4648, section 10, says, with its padding and without")
  func vectors() {
    let vectors = [
      "": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE=", "foobar": "Zm9vYmFy",
    ]
    for (plain, coded) in vectors {
      #expect(Base64.text(plain.utf8) == coded && Base64.digits(Array(plain.utf8)) == Array(coded.utf8))
      #expect(Base64.bytes(coded) == Array(plain.utf8))
      #expect(Base64.bytes(coded.filter { $0 != "=" }) == Array(plain.utf8))
    }
  }

  @Test("Bytes that don't lie in one piece are written like those that do")
  func pieces() { #expect(Base64.text(stride(from: UInt8(0), to: 250, by: 7)) == Base64.text((0..<36).map { 7 * $0 })) }

  @Test(
    "What is no base64 has no bytes",
    arguments: ["Z", "Zg=", "Zg=g", "Zm9v=", "Zm 9v", "Zm9v\n", "=", "Zg==="]
  )
  func malformed(text: String) { #expect(Base64.bytes(text) == nil) }

  private static let empty = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"

  @Test("The SHA-256 of a Repr-Digest field is found beside others, and written as it is read (RFC 9530, section 3)")
  func digest() throws {
    let member = "\(Self.empty.uppercased().prefix(8))\(Self.empty.dropFirst(8)) ;x=1"
    let members = "sha-512=:AA==:,\t\(member)".split(separator: ",")
    let digest = try #require(try ReprDigest.sha256(in: members))
    #expect(ReprDigest.field(sha256: digest.bytes) == Self.empty)
    #expect(try ReprDigest.sha256(in: []) == nil && ReprDigest.sha256(in: ["md5=:AA==:"]) == nil)
  }

  @Test(
    "A SHA-256 that is none is told, and is not taken for its absence",
    arguments: [
      "sha-256=AA", "sha-256=:AA==:", "sha-256=::", "sha-256=:", "sha-256=", empty + "x", String(empty.dropLast()),
    ]
  )
  func noDigest(field: String) {
    #expect(throws: ReprDigest.Malformed.self) { try ReprDigest.sha256(in: [field[...]]) }
  }
}
