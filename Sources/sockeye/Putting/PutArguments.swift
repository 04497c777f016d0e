import ArgumentParser
import SockeyeDownload
import SockeyeText

/// What `put --on-exists` takes.
enum ExistingThereArgument: String, ExpressibleByArgument, CaseIterable {
  case fail, overwrite, skip

  var choice: DownloadOptions.ExistingFile {
    switch self {
    case .fail: .fail
    case .overwrite: .overwrite
    case .skip: .skip
    }
  }
}

extension DownloadReport.Assurance {
  /// What is known of an uploaded file's being right, in a few words.
  var uploadPhrase: Phrase {
    switch self {
    case .checksum: Phrase("SHA-256 as asked for", zh: "SHA-256 与所要求的一致")
    case .serverDigest: Phrase("SHA-256 as the server says", zh: "SHA-256 与服务器所说的一致")
    case .length: Phrase("length as the server says", zh: "长度与服务器所说的一致")
    case .none: Phrase("the server says no more than that it has it", zh: "服务器只说已经收到")
    }
  }
}
