import Glibc
import SockeyeText
import SockeyeTransport

/// What is said to a person.
enum StandardError {
  /// Writes one line, in one piece, so that lines of several threads don't mix.
  static func say(_ line: String) {
    self.write(line + "\n")
  }

  /// Writes a sentence in the program's language.
  static func say(_ sentence: ProgramSentence) { say(sentence.text(in: Speech.language)) }

  /// Writes what went wrong, where the program goes on.
  static func say(_ failure: Failure) { say("sockeye: \(failure.phrase.spoken)") }

  /// Writes text as it is.
  static func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
        guard count > 0 else {
          if errno == EINTR || errno == EAGAIN { continue }
          return
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }
}
