import ArgumentParser
import SockeyeDownload
import SockeyeText

/// What `--on-exists` takes.
enum ExistingFileArgument: String, ExpressibleByArgument, CaseIterable {
  case fail, rename, overwrite, skip

  var choice: DownloadOptions.ExistingFile {
    switch self {
    case .fail: .fail
    case .rename: .rename
    case .overwrite: .overwrite
    case .skip: .skip
    }
  }
}

/// A digest on the command line: `sha256:` and 64 hexadecimal digits, which may stand alone.
struct ChecksumArgument: ExpressibleByArgument {
  let digest: SHA256Sum

  init?(argument: String) {
    let text = argument.lowercased()
    let digits = text.hasPrefix("sha256:") || text.hasPrefix("sha256=") ? String(text.dropFirst(7)) : text
    guard let digest = SHA256Sum(hexadecimal: digits) else { return nil }
    self.digest = digest
  }
}

/// A certificate's fingerprint on the command line: 64 hexadecimal digits, with colons or without.
struct FingerprintArgument: ExpressibleByArgument {
  let digest: SHA256Sum

  init?(argument: String) {
    let text = argument.lowercased()
    let digits = (text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]).filter { $0 != ":" }
    guard let digest = SHA256Sum(hexadecimal: digits) else { return nil }
    self.digest = digest
  }
}

extension DownloadReport.Assurance {
  /// What is known of a file's being right, in a few words.
  var phrase: Phrase {
    switch self {
    case .checksum: Phrase("SHA-256 as asked for", zh: "SHA-256 与所要求的一致")
    case .serverDigest: Phrase("SHA-256 as the server says", zh: "SHA-256 与服务器所说的一致")
    case .length: Phrase("length as the server says", zh: "长度与服务器所说的一致")
    case .none:
      Phrase(
        "the server gave no length: a cut connection would look the same",
        zh: "服务器没有给出长度：连接若被切断，看上去也一样"
      )
    }
  }
}
