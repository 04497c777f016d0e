import Glibc
import SockeyeSight
import SockeyeText
import SockeyeTransport

/// Writes a capture to a file.
enum CaptureOutput {
  /// Writes all bytes; a file that stands there is replaced.
  static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
    let descriptor = ArgumentFile.open(path, O_WRONLY | O_CREAT | O_TRUNC)
    guard descriptor >= 0 else { throw Failure(.localFile, .cannotWrite(path, .system(errno))) }
    defer { close(descriptor) }
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Failure(.localFile, .cannotWrite(path, .system(errno))) }
      offset += count
    }
  }
}

/// Writes a page for a browser to a file.
enum PageOutput {
  /// Writes the page; a file that stands there is replaced.
  static func write(_ page: ConversationPage, to path: String) throws(Failure) {
    try CaptureOutput.write(page.html(), to: path)
  }
}

/// Prose for a terminal.
enum TextParagraph {
  /// The lines of a paragraph, none wider than is comfortable to read.
  static func lines(_ text: String, width: Int) -> [String] {
    DisplayWidth.wrapped(text, to: min(max(width, 40), 100))
  }
}
