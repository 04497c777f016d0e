/// Whether a channel is to read: a read has to be asked for, and its socket may have to have something.
enum ReadDemand {
  /// Nobody asks, and as far as is known there is nothing.
  case none
  /// A read was asked for and not answered.
  case asked
  /// The socket may have something, for which nobody asks.
  case offered
  /// A read was asked for, and the socket may have something.
  case due

  var isAsked: Bool { self == .asked || self == .due }
  var isOffered: Bool { self == .offered || self == .due }

  /// Asks for a read. Returns whether it can be answered.
  mutating func ask() -> Bool {
    self = isOffered ? .due : .asked
    return self == .due
  }

  /// The socket may have something. Returns whether that was asked for.
  mutating func offer() -> Bool {
    self = isAsked ? .due : .offered
    return self == .due
  }

  /// The read that was asked for is answered, or isn't wanted any more.
  mutating func answer() {
    self = isOffered ? .offered : .none
  }

  /// The socket has nothing more.
  mutating func exhaust() {
    self = isAsked ? .asked : .none
  }
}
