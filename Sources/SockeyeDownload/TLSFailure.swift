internal import Glibc
internal import NIOCore
internal import NIOSSL
internal import SockeyeText
internal import SockeyeTransport

/// What to tell of a TLS connection that didn't come about, as sentences.
enum TLSFailure {
  static func make(_ error: any Error, url: DownloadURL) -> Failure {
    if error is NIOSSLExtraError {
      return Failure(
        .tls,
        "\(url): the certificate is for another name than \(url.host); check the name, or --fingerprint says which one is right"
      )
    }
    return Failure(.tls, "\(url): \(sentence(reason(in: "\(error)"), host: url.host))")
  }

  /// BoringSSL's name for what went wrong, such as `WRONG_VERSION_NUMBER`.
  private static func reason(in text: String) -> Substring {
    guard let marker = text.firstRange(of: "OPENSSL_internal:") else { return "" }
    return text[marker.upperBound...].prefix { $0 == "_" || $0.isLetter || $0.isNumber }
  }

  private static func sentence(_ reason: Substring, host: String) -> String {
    switch reason {
    case "CERTIFICATE_VERIFY_FAILED":
      "the certificate is not one to trust for \(host); --ca or --fingerprint says which one is"
    case "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST":
      "the server doesn't speak TLS; is it an http:// one?"
    case "UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION":
      "the server speaks no version of TLS that we do (1.2 and 1.3); it is too old"
    case "SSLV3_ALERT_HANDSHAKE_FAILURE", "NO_SHARED_CIPHER":
      "the server refuses the TLS handshake: it has no cipher in common with us, or wants a certificate of ours"
    case "TLSV1_ALERT_CERTIFICATE_REQUIRED", "TLSV1_CERTIFICATE_REQUIRED", "SSLV3_ALERT_NO_CERTIFICATE":
      "the server wants a certificate of ours"
    case "TLSV1_UNRECOGNIZED_NAME": "the server doesn't know the name \(host); check it"
    case "": "the TLS connection could not be made"
    default: "the TLS connection could not be made: \(reason.lowercased().split(separator: "_").joined(separator: " "))"
    }
  }

  /// What is wrong with a certificate's dates, if anything is. The library that verifies says only that it isn't one to
  /// trust.
  static func dates(from begin: Int64, to end: Int64, now: Int64, url: DownloadURL) -> Failure? {
    if now > end {
      return Failure(
        .tls,
        "\(url): the certificate of \(url.host) expired on \(HTTPDate.internetText(end)); its owner has to renew it"
      )
    }
    if now < begin {
      return Failure(
        .tls,
        "\(url): the certificate of \(url.host) is valid only from \(HTTPDate.internetText(begin)) on; check this machine's clock"
      )
    }
    return nil
  }
}

/// Looks at the certificate of a server that could not be verified, over a connection of its own that carries nothing.
enum CertificateInspection {
  /// - Returns: Nothing if its dates are all right, or it can't be seen.
  static func problem(of url: DownloadURL, transport: Transport, options: DownloadOptions) async -> Failure? {
    guard url.scheme == .https, options.certificateFingerprint == nil else { return nil }
    let promise = transport.eventLoopGroup.next().makePromise(of: Failure?.self)
    do throws(Failure) {
      let channel = try await transport.connect(to: url.endpoint, options: options.connect) { channel in
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        let handler = try NIOSSLClientHandler(
          context: context,
          serverHostname: TLSClient.serverName(url.host)
        ) { chain, verdict in
          let now = Int64(time(nil))
          let found = chain.lazy.compactMap {
            TLSFailure.dates(from: Int64($0.notValidBefore), to: Int64($0.notValidAfter), now: now, url: url)
          }.first
          promise.succeed(found)
          verdict.succeed(NIOSSLVerificationResult.failed)
        }
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.pipeline.syncOperations.addHandler(HandshakeDeadline(url: url, limit: options.connect.timeout))
      }
      channel.closeFuture.whenComplete { _ in promise.succeed(nil) }
    } catch {
      promise.succeed(nil)
    }
    return try? await promise.futureResult.get()
  }
}
