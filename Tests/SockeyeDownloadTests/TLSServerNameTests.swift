import Testing

@testable import SockeyeDownload

@Suite("Download: the name in a TLS handshake")
struct TLSServerNameTests {
  @Test(
    "A name is sent in its ASCII form, and an address not at all (RFC 6066, section 3)",
    arguments: [
      ("https://Example.ORG/", "example.org"), ("https://中文.Test/", "xn--fiq228c.test"),
      ("https://bücher.example:8443/ü", "xn--bcher-kva.example"), ("https://127.0.0.1/", nil),
      ("https://[::1]:8443/", nil), ("https://[fe80::1%25lo]/", nil),
    ] as [(String, String?)]
  )
  func serverName(url: String, name: String?) throws {
    #expect(TLSClient.serverName(try DownloadURL(url).host) == name)
  }
}
