public import NIOCore
public import NIOSSL

/// What a file service serves, to whom, and within which limits.
public struct FileServiceConfiguration: Sendable {
  /// What the bare-name protocol answers for a file that is not there.
  public enum MissingReply: String, Sendable, CaseIterable {
    /// The byte `1`.
    case one
    /// Nothing.
    case empty
  }

  /// Whether files may be put into the directory, and how much.
  public struct Uploads: Sendable {
    /// Bytes that uploads may add as long as the service runs; nothing means no limit but the disk.
    public var quota: Int64?
    /// What becomes of a file whose name is taken.
    public var existing: ExistingFile

    /// What becomes of a file that is put where another is.
    public enum ExistingFile: String, Sendable, CaseIterable {
      /// It is refused.
      case fail
      /// It takes the first free one of NAME.1, NAME.2, …
      case rename
      /// It takes the other's place in one step, once it is whole; from who may change files.
      case overwrite
    }

    /// Allows uploads.
    public init(quota: Int64? = nil, existing: ExistingFile = .fail) {
      self.quota = quota
      self.existing = existing
    }
  }

  /// How long a client may take.
  public struct Timeouts: Sendable {
    /// How long a client may take for its first bytes, and for each request's head.
    public var request = TimeAmount.seconds(20)
    /// How long it may take between two requests.
    public var idle = TimeAmount.seconds(75)
    /// How long it may go without taking, or sending, a single byte of a body.
    public var stall = TimeAmount.seconds(60)
    /// How long it has to read an error and close.
    public var linger = TimeAmount.seconds(5)

    /// The defaults.
    public init() {}
  }

  /// What a service serves.
  public enum Content: Hashable, Sendable {
    /// A directory, with all that is in it.
    case directory(String)
    /// These files and folders, each under its own name.
    case selection([String])
  }

  /// What to serve.
  public var content: Content
  /// What all paths begin with, such as `/files`; nothing, or `/`, for nothing.
  public var pathPrefix = ""
  /// A page, by its path in the directory, that a browser gets in place of one that is not there.
  public var fallback: String?
  /// Which pages of other origins may read what is served.
  public var crossOrigin = CrossOriginPolicy.none
  /// What a bare name that is not there gets.
  public var missingReply = MissingReply.one
  /// How long a client may be silent before the bytes that it has sent are taken as a bare name.
  public var quietTime = TimeAmount.milliseconds(50)
  /// Whether a folder is answered with its `index.html`, if it has one.
  public var servesIndex = true
  /// Whether files may be put into the directory.
  public var uploads: Uploads?
  /// Whether texts are compressed (gzip) for clients that take that, where the system has zlib.
  public var compresses = true
  /// Whether file managers may look into the directory by WebDAV (RFC 4918), and, with uploads, change what is in it.
  public var webDAV = false
  /// The certificate and key for clients that speak TLS.
  public var tls: TLSConfiguration?
  /// Users and their passwords; without it, everybody may read.
  public var passwords: PasswordFile?
  /// Who may connect.
  public var addresses = AddressFilter()
  /// Proxies that say on whose behalf they connect; from these a PROXY header is demanded.
  public var proxies: [AddressBlock] = []
  /// Bytes a second for each connection.
  public var rate: Int64?
  /// Connections at once; the others wait to be accepted.
  public var maximumClients: Int?
  /// Connections at once from one address; the others are turned away.
  public var maximumClientsPerAddress: Int?
  /// How long a client may take.
  public var timeouts = Timeouts()
  /// Told of each request once it is answered; called on event loops, so it must not wait for anything.
  public var accessLog: (@Sendable (AccessRecord) -> Void)?

  /// Serves a directory to everybody who connects.
  public init(directory: String) { content = .directory(directory) }

  /// Serves files and folders to everybody who connects; uploads into a selection are refused.
  public init(selection: [String]) { content = .selection(selection) }
}
