import NIOCore
import SockeyeDownload
import SockeyeText
import SockeyeTransport

/// What `put` tells.
struct PutConsole: Sendable {
  private let output: TransferOutput

  init(_ output: TransferOutput) { self.output = output }

  func say(_ event: UploadEvent) {
    if output.json { output.print(Self.line(event)) }
    guard !output.quiet, let phrase = Self.phrase(event) else { return }
    output.say(phrase)
  }

  /// Tells of a file that failed; the last one's failure becomes the program's, and is said at its end.
  func say(_ failure: Failure, of file: String, isLast: Bool) {
    if output.json { output.print(Self.line(.failed(file: file, failure: failure))) }
    output.say(failure, isLast: isLast)
  }

  func say(_ report: FolderUploadReport, of folder: String) {
    if output.json {
      var line = JSONLine(event: "folder")
      line.add("folder", folder)
      line.add("uploaded", report.uploaded)
      line.add("skipped", report.skipped)
      line.add("bytes", report.bytes)
      output.print(line)
    }
    guard !output.quiet else { return }
    let bytes = ByteText.of(Int64(clamping: report.bytes))
    output.say(ProgramSentence.folderSent(report.uploaded, bytes, skipped: report.skipped).phrase)
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
    let rate = TransferOutput.rate(of: report.sent, in: report.duration)
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
