import NIOCore
import SockeyeDownload
import SockeyeText
import SockeyeTransport
import Synchronization

/// What `put` tells, and how far it shows that it is.
final class PutConsole: Sendable {
  let progress = DownloadProgress()
  private let json: Bool
  private let quiet: Bool
  private let display: Mutex<ProgressDisplay>

  init(json: Bool, quiet: Bool, progress: ProgressChoice) {
    self.json = json
    self.quiet = quiet
    display = Mutex(ProgressDisplay(progress))
  }

  func draw() {
    let now = self.progress.snapshot
    guard !now.file.isEmpty else { return }
    display.withLock {
      $0.update(name: now.file, done: Int64(clamping: now.completed), total: now.total.map { Int64(clamping: $0) })
    }
  }

  func end() { display.withLock { $0.clear() } }

  func say(_ event: UploadEvent) {
    if self.json { self.print(Self.line(event)) }
    guard !self.quiet, let phrase = Self.phrase(event) else { return }
    say(phrase)
  }

  /// Tells of a file that failed; the last one's failure becomes the program's, and is said at its end.
  func say(_ failure: Failure, of file: String, isLast: Bool) {
    if self.json { self.print(Self.line(.failed(file: file, failure: failure))) }
    if !isLast { say(ProgramSentence.of("sockeye", failure.phrase).phrase) }
  }

  func say(_ report: FolderUploadReport, of folder: String) {
    if self.json {
      var line = JSONLine(event: "folder")
      line.add("folder", folder)
      line.add("uploaded", report.uploaded)
      line.add("skipped", report.skipped)
      line.add("bytes", report.bytes)
      self.print(line)
    }
    guard !self.quiet else { return }
    let bytes = ByteText.of(Int64(clamping: report.bytes))
    say(ProgramSentence.folderSent(report.uploaded, bytes, skipped: report.skipped).phrase)
  }

  private func say(_ phrase: Phrase) {
    display.withLock {
      $0.clear()
      StandardError.say(phrase.spoken)
    }
  }

  private func print(_ line: JSONLine) {
    display.withLock {
      $0.clear()
      StandardOutput.say(line.line)
    }
  }

  private static func phrase(_ event: UploadEvent) -> Phrase? {
    switch event {
    case .started(let file, _, let offset, _):
      offset > 0 ? ProgramSentence.goingOn(VisibleText.of(file), ByteText.of(Int64(clamping: offset))).phrase : nil
    case .retrying(let failure, let attempt, let delay):
      ProgramSentence.tryingAgain(failure.phrase, attempt + 1, Int64(delay / .milliseconds(1))).phrase
    case .notice(let phrase): phrase
    case .skipped(_, let url, let isSame):
      (isSame ? ProgramSentence.isThereAlready("\(url)") : .leftAsItIs("\(url)")).phrase
    case .failed(_, let failure): failure.phrase
    case .finished(let report): phrase(report)
    }
  }

  private static func phrase(_ report: UploadReport) -> Phrase {
    let seconds = max(report.duration / .seconds(1), 0.001)
    // The rate of a file that is over in a moment says nothing.
    let rate = report.sent >= 1 << 20 ? ByteText.of(Int64(Double(report.sent) / seconds)) + "/s" : nil
    let size = ByteText.of(Int64(clamping: report.size))
    return ProgramSentence.fileSent("\(report.url)", size, rate: rate, report.assurance).phrase
  }

  private static func line(_ event: UploadEvent) -> JSONLine {
    var line: JSONLine
    switch event {
    case .started(let file, let url, let offset, let size):
      line = JSONLine(event: "started")
      line.add("file", file)
      line.add("url", url.description)
      line.add("offset", offset)
      if let size { line.add("size", size) }
    case .retrying(let failure, let attempt, let delay):
      line = JSONLine(event: "retrying")
      line.add("reason", failure.message)
      line.add("attempt", attempt)
      line.add("delay", seconds: delay)
    case .notice(let phrase):
      line = JSONLine(event: "notice")
      line.add("text", phrase.english)
    case .skipped(let file, let url, let isSame):
      line = JSONLine(event: "skipped")
      line.add("file", file)
      line.add("url", url.description)
      line.add("same", isSame)
    case .failed(let file, let failure):
      line = JSONLine(event: "failed")
      line.add("file", file)
      line.add("reason", failure.message)
    case .finished(let report):
      line = JSONLine(event: "finished")
      line.add("file", report.file)
      line.add("url", report.url.description)
      line.add("size", report.size)
      line.add("sha256", report.sha256.description)
      line.add("assurance", report.assurance.rawValue)
      line.add("sent", report.sent)
      line.add("duration", seconds: report.duration)
    }
    return line
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
