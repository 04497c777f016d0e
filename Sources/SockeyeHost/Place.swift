/// Where an element stands in a slab: its number, which nothing else has while it stands there. `Kind` keeps the places of
/// different slabs apart.
struct Place<Kind: ~Copyable>: Hashable, Sendable {
  let number: UInt32

  init(_ number: Int) {
    self.number = UInt32(truncatingIfNeeded: number)
  }

  init(_ number: UInt32) {
    self.number = number
  }

  /// The place that nothing stands at, for lists whose links should take no more than a number.
  static var none: Place { Place(UInt32.max) }

  /// The number, to index tables by.
  var index: Int { Int(number) }
}

/// The kind of places that connections have, whoever stores their payload.
enum StreamKind {}

/// Where a socket stands.
typealias SocketPlace = Place<Socket>

/// Where a connection stands.
typealias StreamPlace = Place<StreamKind>
