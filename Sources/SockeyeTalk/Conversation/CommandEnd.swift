import Glibc
public import SockeyeText

/// How a command that served a peer ended.
public enum CommandEnd: Hashable, Sendable {
  /// By itself, with a status of 0 to 255.
  case exited(Int32)
  /// By a signal of this number.
  case signalled(Int32)

  /// - Parameter status: What `waitpid` says.
  init(_ status: CInt) {
    // WIFEXITED, WEXITSTATUS and WTERMSIG are macros that Swift can't import.
    let signal = status & 0x7f
    self = signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
  }

  /// The end in a few words.
  public var phrase: Phrase { TalkSentence.commandEnded(self).phrase }
}
