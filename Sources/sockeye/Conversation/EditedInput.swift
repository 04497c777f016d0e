import Glibc
import NIOCore
import SockeyeTalk

/// The editing of lines at the terminal that a conversation is held at.
enum EditedInput {
  /// Whether lines can be edited: where they are typed is where everything is shown, and it understands more than lines.
  static var isPossible: Bool {
    Terminal.input.isSame(as: .output) && Terminal.output.isSame(as: .error) && Terminal.output.understandsControls
  }

  /// Begins to edit, until the program ends.
  ///
  /// - Parameters:
  ///   - output: Writes to the terminal.
  ///   - eventLoop: The conversation's.
  /// - Returns: The line; nothing where the terminal is not this program's to change.
  static func begin(
    _ output: DescriptorWriter,
    on eventLoop: any EventLoop
  ) async throws -> NIOLoopBound<TypedLine>? {
    guard isPossible, TerminalMode.begin() else { return nil }
    let line = try await eventLoop.submit {
      NIOLoopBound(TypedLine(columns: { Terminal.output.columns }) { output.write($0) }, eventLoop: eventLoop)
    }.get()
    Signals.shared.onScreen {
      TerminalMode.resume()
      eventLoop.execute { line.value.redraw() }
    }
    return line
  }
}
