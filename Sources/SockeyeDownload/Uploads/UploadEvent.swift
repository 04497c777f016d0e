public import SockeyeText
public import SockeyeTransport

/// What a person or a program may want to know of an upload, as it happens.
public enum UploadEvent: Sendable {
  /// A file begins to be sent; `offset` is where it takes up, 0 for a fresh start, and `size` is nothing for a pipe.
  case started(file: String, url: DownloadURL, offset: UInt64, size: UInt64?)
  /// An attempt failed; another one begins after the delay.
  case retrying(after: Failure, attempt: Int, delay: Duration)
  /// Something that a careful person should know.
  case notice(Phrase)
  /// What is there already was left, as the same or as asked.
  case skipped(file: String, url: DownloadURL, isSame: Bool)
  /// One of many uploads failed, and the others go on.
  case failed(file: String, failure: Failure)
  /// A file is on the server.
  case finished(UploadReport)
}

/// What came of an upload.
public struct UploadReport: Hashable, Sendable {
  /// The file's path, `-` for standard input.
  public var file: String
  /// Where it is.
  public var url: DownloadURL
  /// How many bytes it has.
  public var size: UInt64
  /// The digest of all of them.
  public var sha256: SHA256Sum
  /// How sure it is that the server has these bytes: by their digest, by their number, or by its word alone.
  public var assurance: DownloadReport.Assurance
  /// Bytes that were sent in this run; the others were there from an earlier one.
  public var sent: UInt64
  /// How long it took.
  public var duration: Duration
}

/// What came of a folder's upload.
public struct FolderUploadReport: Hashable, Sendable {
  /// Files that were sent.
  public var uploaded = 0
  /// Files that were there already.
  public var skipped = 0
  /// Bytes of those that were sent.
  public var bytes: UInt64 = 0
}
