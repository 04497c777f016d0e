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

/// A digest on the command line: an algorithm, a colon and hexadecimal digits, which may stand alone.
struct ChecksumArgument: ExpressibleByArgument {
  let checksum: FileChecksum

  init?(argument: String) {
    guard let checksum = FileChecksum(argument) else { return nil }
    self.checksum = checksum
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

extension DownloadReport {
  /// What is known of the file's being right, in a few words.
  var assurancePhrase: Phrase {
    switch assurance {
    case .checksum:
      Phrase(
        "\(checksum?.algorithm.name ?? "SHA-256") as asked for",
        zh: "\(checksum?.algorithm.name ?? "SHA-256") 与所要求的一致"
      )
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
