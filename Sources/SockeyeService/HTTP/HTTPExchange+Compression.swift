import NIOCore

/// Texts that are compressed while they are sent: RFC 9110, section 8.4.
extension HTTPExchange {
  /// Below this a head is most of a response; above it compressing anew for each client costs too much. In bytes.
  private static let compressedSizes = Int64(1 << 10)...Int64(64 << 20)

  /// Whether a request is one for a text that is better sent compressed.
  ///
  /// A part of a file is a part of what it is on the disk, a digest is that of what is sent, and HTTP/1.0 has no chunks to
  /// send what has no length in.
  func mayCompress(_ type: String, size: Int64, for request: Request) -> Bool {
    shared.compression != nil && Self.compressedSizes.contains(size) && MediaType.isCompressible(type)
      && acceptsGzip(request)
  }

  private func acceptsGzip(_ request: Request) -> Bool {
    request.fields.range == nil && request.fields.wantReprDigest == nil && !request.isHTTP10
      && ContentCoding.acceptable(request.fields.acceptEncoding).contains(.gzip)
  }

  /// What compresses, if there is room for one more.
  func encoder() -> GzipEncoder? { shared.compression.flatMap { GzipEncoder(in: $0) } }

  /// What compresses a body that is made while it is sent, if its client takes that.
  func encoder(for type: String, _ request: Request) -> GzipEncoder? {
    guard MediaType.isCompressible(type), acceptsGzip(request) else { return nil }
    return encoder()
  }
}
