import Glibc
import NIOCore
import SockeyeDownload
import SockeyeText
import SockeyeTransport

/// What `get` tells.
struct GetConsole: Sendable {
  private let output: TransferOutput

  init(_ output: TransferOutput) { self.output = output }

  func say(_ event: DownloadEvent) {
    if output.json { output.print(Self.line(event)) }
    guard !output.quiet, let phrase = Self.phrase(event) else { return }
    output.say(phrase)
  }

  /// Tells of a URL that failed; the last one's failure becomes the program's, and is said at its end.
  func say(_ failure: Failure, of url: DownloadURL, isLast: Bool) {
    if output.json { output.print(Self.line(.failed(url: url, failure: failure))) }
    output.say(failure, isLast: isLast)
  }

  func say(_ report: FolderReport, of place: String) {
    if output.json {
      var line = JSONLine(event: "folder")
      line.add("url", place)
      line.add("downloaded", report.downloaded)
      line.add("skipped", report.skipped)
      line.add("bytes", report.bytes)
      output.print(line)
    }
    guard !output.quiet else { return }
    let bytes = ByteText.of(Int64(clamping: report.bytes))
    output.say(ProgramSentence.folderDone(report.downloaded, bytes, skipped: report.skipped).phrase)
  }

  private static func phrase(_ event: DownloadEvent) -> Phrase? {
    switch event {
    case .started(_, let file, let offset, _):
      offset > 0 ? ProgramSentence.goingOn(file, ByteText.of(Int64(clamping: offset))).phrase : nil
    case .redirected(_, let to): ProgramSentence.redirected("\(to)").phrase
    case .renamed(let from, let to): ProgramSentence.renamed(from, to).phrase
    case .connectionAdded: nil
    case .retrying(let failure, let attempt, let delay):
      ProgramSentence.tryingAgain(failure.phrase, attempt + 1, Int64(delay / .milliseconds(1))).phrase
    case .restarted(let reason): ProgramSentence.startingAgain(reason).phrase
    case .notice(let phrase): phrase
    case .skipped(_, let file): ProgramSentence.leftAsItIs(file).phrase
    case .failed(_, let failure): failure.phrase
    case .finished(let report): phrase(report)
    }
  }

  private static func phrase(_ report: DownloadReport) -> Phrase {
    let rate = TransferOutput.rate(of: report.received, in: report.duration)
    let size = ByteText.of(Int64(clamping: report.size))
    return ProgramSentence.fileDone(report.file, size, rate: rate, report.assurancePhrase).phrase
  }

  private static func line(_ event: DownloadEvent) -> JSONLine {
    var line: JSONLine
    switch event {
    case .started(let url, let file, let offset, let size):
      line = JSONLine(event: "started")
      line.add("url", url.description)
      line.add("file", file)
      line.add("offset", offset)
      if let size { line.add("size", size) }
    case .redirected(let from, let to):
      line = JSONLine(event: "redirected")
      line.add("from", from.description)
      line.add("to", to.description)
    case .renamed(let from, let to):
      line = JSONLine(event: "renamed")
      line.add("from", from)
      line.add("to", to)
    case .connectionAdded(let count):
      line = JSONLine(event: "connection")
      line.add("count", count)
    case .retrying(let failure, let attempt, let delay):
      line = JSONLine(event: "retrying")
      line.add("reason", failure.message)
      line.add("attempt", attempt)
      line.add("delay", seconds: delay)
    case .restarted(let reason):
      line = JSONLine(event: "restarted")
      line.add("reason", reason.english)
    case .notice(let phrase):
      line = JSONLine(event: "notice")
      line.add("text", phrase.english)
    case .skipped(let url, let file):
      line = JSONLine(event: "skipped")
      line.add("url", url.description)
      line.add("file", file)
    case .failed(let url, let failure):
      line = JSONLine(event: "failed")
      line.add("url", url.description)
      line.add("reason", failure.message)
    case .finished(let report):
      line = JSONLine(event: "finished")
      line.add("url", report.url.description)
      line.add("file", report.file)
      line.add("size", report.size)
      line.add("sha256", report.sha256.description)
      line.add("assurance", report.assurance.rawValue)
      if let checksum = report.checksum { line.add("checksum", checksum.description) }
      line.add("received", report.received)
      line.add("duration", seconds: report.duration)
    }
    return line
  }
}
