import NIOSSL
import SockeyeTransport
import Testing

@testable import SockeyeDownload

@Suite("Download: what is told of TLS")
struct TLSFailureTests {
  private struct Told: Error, CustomStringConvertible {
    var description: String
  }

  private func message(_ reason: String) throws -> String {
    let text =
      "handshakeFailed(NIOSSL.BoringSSLError.sslError([Error: 1 error:1:SSL routines:OPENSSL_internal:\(reason)]))"
    let failure = TLSFailure.make(Told(description: text), url: try DownloadURL("https://h/x"))
    #expect(failure.kind == .tls)
    return failure.message
  }

  @Test(
    "Errors are sentences, with nothing of the library's own words",
    arguments: [
      "CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "SSLV3_ALERT_HANDSHAKE_FAILURE",
      "TLSV1_ALERT_CERTIFICATE_REQUIRED", "TLSV1_UNRECOGNIZED_NAME", "SOME_OTHER_REASON", "",
    ]
  )
  func sentences(reason: String) throws {
    let text = try message(reason)
    #expect(text.hasPrefix("https://h/x: the "))
    for sign in ["_", "[", "Error", "OPENSSL", "sslError"] { #expect(!text.contains(sign), "\(text)") }
  }

  @Test("A handshake that is cut without an alert is the network's fault, and worth another try")
  func cut() throws {
    let url = try DownloadURL("https://h/x")
    let errors: [BoringSSLError] = [
      .sslError([.eofDuringHandshake]), .sslError([.eofDuringAdditionalCertficiateChainValidation]),
    ]
    for error in errors {
      let failure = TLSFailure.make(NIOSSLError.handshakeFailed(error), url: url)
      #expect(failure.kind == .network && RetrySchedule.isWorthwhile(failure), "\(failure)")
      #expect(failure.message.contains("in the middle of the TLS handshake"))
    }
  }

  @Test("A certificate that has expired, or isn't valid yet, is said to be so")
  func dates() throws {
    let url = try DownloadURL("https://h/x")
    let expired = TLSFailure.dates(from: 0, to: 1_000_000_000, now: 1_000_000_001, url: url)
    #expect(expired?.message.contains("expired on 2001-09-09T01:46:40Z") == true && expired?.kind == .tls)
    let early = TLSFailure.dates(from: 1_000_000_000, to: 2_000_000_000, now: 5, url: url)
    #expect(early?.message.contains("valid only from 2001-09-09T01:46:40Z") == true)
    #expect(TLSFailure.dates(from: 0, to: 10, now: 10, url: url) == nil)
  }
}
