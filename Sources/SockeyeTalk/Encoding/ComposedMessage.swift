public import NIOCore
public import SockeyeTransport

/// A message that is ready to be sent.
public struct ComposedMessage: Sendable {
  /// What goes out.
  public let bytes: ByteBuffer
  /// The checksum that is part of it; empty without one.
  public let checksum: [UInt8]
}

extension Composer {
  /// A part of a message.
  public enum Piece: Sendable {
    /// What was typed, in the notation of the settings.
    case typed([UInt8])
    /// Text in UTF-8, to be encoded, and not looked at otherwise.
    case text([UInt8])
    /// Bytes, as they are.
    case bytes([UInt8])
  }

  /// Composes one whole message of several pieces.
  ///
  /// - Parameters:
  ///   - pieces: The pieces, in their order.
  ///   - settings: What to do to them; the line ending goes behind the last one.
  /// - Throws: A failure of kind `usage` when a piece can't be read in its notation, or the message not be encoded or framed.
  public static func compose(_ pieces: [Piece], _ settings: Settings) throws(Failure) -> ComposedMessage {
    guard let ending = settings.lineEnding, settings.notation == .text else {
      return try compose(pieces, ending: settings.lineEnding?.bytes ?? [], settings)
    }
    let lines = pieces.map { piece in
      if case .typed(let text) = piece { Piece.typed(Self.lines(of: text, ending: ending)) } else { piece }
    }
    return try compose(lines, ending: ending.bytes, settings)
  }

  static func compose(_ pieces: [Piece], ending: [UInt8], _ settings: Settings) throws(Failure) -> ComposedMessage {
    var payload: [UInt8] = []
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): payload += bytes
      case .text(let text): payload += try encode(text, settings.encoding)
      case .typed(let typed):
        for part in try TypedInput(typed, as: settings.notation).parts {
          switch part {
          case .bytes(let bytes): payload += bytes
          case .text(let text): payload += try encode(text, settings.encoding)
          }
        }
      }
    }
    payload += try encode(ending, settings.encoding)
    let checksum = settings.checksum?.bytes(over: payload) ?? []
    return ComposedMessage(bytes: try settings.framing.wrap(payload + checksum), checksum: checksum)
  }
}
