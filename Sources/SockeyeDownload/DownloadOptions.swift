public import NIOCore
public import SockeyeText
public import SockeyeTransport

/// How files are to be downloaded.
public struct DownloadOptions: Sendable {
  /// Where a download goes.
  public enum Output: Hashable, Sendable {
    /// Into the folder, under the name that the URL ends in.
    case named
    /// To this path, which the user chose.
    case file(String)
    /// To an open descriptor, in order, with nothing kept.
    case descriptor(CInt)
  }

  /// What to do when the final name is taken.
  public enum ExistingFile: String, Hashable, Sendable, CaseIterable {
    /// Fail, and touch nothing.
    case fail
    /// Take the first free one of NAME.1, NAME.2, …
    case rename
    /// Replace it, once the download is whole. A symbolic link is replaced itself, not what it points to.
    case overwrite
    /// Leave it, and count the download as done, if it has the server's length and isn't older; otherwise replace it.
    case skip
  }

  /// How many connections share a file.
  public enum Connections: Hashable, Sendable {
    /// One at first; more, up to four, as long as each makes a large file come noticeably faster.
    case automatic
    /// This many, from 1 to 16, when the server accepts ranges.
    case fixed(Int)
  }

  /// Where downloads go.
  public var output = Output.named
  /// The folder for ``Output/named``; must exist.
  public var folder = "."
  /// What to do when the final name is taken.
  public var existingFile = ExistingFile.fail
  /// Whether a file's time is when its server says that it was changed (Last-Modified), and not when it came.
  public var keepsTimes = false
  /// Whether to write down a file's entity tag with it, in an extended attribute, and to replace it where the server has another
  /// than that, be its size and time the same.
  public var keepsVersions = false
  /// How many connections share a file.
  public var connections = Connections.automatic
  /// How often to try again without at least 64 KiB of progress in between.
  public var retries = 5
  /// How long to wait before trying again: the first value doubles with each attempt, up to the last.
  public var backOff: ClosedRange<TimeAmount> = .milliseconds(200) ... .seconds(10)
  /// The most bytes a second over all connections; nothing for no limit.
  public var bytesPerSecond: UInt64?
  /// The digest that the file must have.
  public var checksum: FileChecksum?
  /// Whether the server may choose the name, by a redirect or by Content-Disposition.
  public var trustsServerNames = false
  /// Whether `1` and nothing are taken as files in the bare-name protocol.
  public var allowsAmbiguousReply = false
  /// The encoding in which the bare-name protocol's names are sent, as iconv calls it.
  public var nameEncoding = "UTF-8"
  /// The most redirects to follow.
  public var redirects = 10
  /// Addresses, families, time limit for connecting.
  public var connect = ConnectOptions()
  /// How long a peer may be silent when it is its turn.
  public var idle = TimeAmount.seconds(30)
  /// A file of certificates in PEM form to trust instead of the system's.
  public var certificateAuthorities: String?
  /// The SHA-256 of the one certificate to accept from a server, whoever signed it.
  public var certificateFingerprint: SHA256Sum?
  /// Whether to accept any certificate.
  public var acceptsAnyCertificate = false
  /// Through whom to reach servers.
  public var proxies = ProxySelection()
  /// Whom to be to the server. Neither this nor a token nor fields are shown to whom a redirect leads, unless it is to the same
  /// scheme, host and port.
  public var credentials: Credentials?
  /// Whether a password is only ever proved, by Digest (RFC 7616), and never told.
  public var digestOnly = false
  /// What to show to the server in place of a name and a password.
  public var bearerToken: BearerToken?
  /// What else to say in each request.
  public var fields = RequestFields()
  /// How much may be lost when killed: progress is written down after this time, at the latest after 64 MiB.
  public var checkpointInterval = Duration.milliseconds(250)
  /// The least by which a connection's claim grows, in bytes.
  var leastStride: UInt64 = 1 << 20

  /// The defaults.
  public init() {}
}
