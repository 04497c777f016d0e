import Glibc
import SockeyeDownload
import SockeyeText
import SockeyeTransport

/// URLs in a file, one a line; empty lines and those that begin with `#` are left out.
enum URLList {
  /// - Parameter path: Where they are; `-` for standard input.
  /// - Throws: A failure of kind `localFile` when it can't be read, `usage` when a line is no URL: nothing is fetched then.
  static func read(_ path: String) throws(Failure) -> [DownloadURL] {
    guard let bytes = ArgumentFile.contents(of: path == "-" ? "/dev/stdin" : path) else {
      throw Failure(.localFile, ProgramSentence.cannotRead(path, Phrase.system(errno)))
    }
    var urls: [DownloadURL] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      var line = line.drop(while: isBlank)
      while let last = line.last, isBlank(last) { line.removeLast() }
      guard let first = line.first, first != UInt8(ascii: "#") else { continue }
      do throws(Failure) {
        urls.append(try DownloadURL(ArgumentText.text(of: Array(line))))
      } catch {
        throw Failure(error.kind, ProgramSentence.inLine(path, index + 1, error.phrase))
      }
    }
    return urls
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
}
