internal import SockeyeTCP
internal import SockeyeWire

/// Who has the connections of a `TimeWaitTable`: where the table is full, whoever has most gives up his oldest, so that nobody
/// pushes out another's. A source is an IPv4 address, or an IPv6 network of 64 bits.
///
/// Sources stand in classes by the number of bits of their count, and one of the highest class has most, within a factor of
/// two; so all that is done here takes constant time, however many sources there are.
struct TimeWaitSources: ~Copyable {
  struct Source {
    /// The source as a tuple, which is what the table is found by.
    let tuple: FourTuple
    var count: UInt32 = 0
    /// Its connections, in the order in which they expire.
    var oldest = Place<TimeWaitTable.Kept>.none
    var newest = Place<TimeWaitTable.Kept>.none
    fileprivate var next = Place<Source>.none
    fileprivate var previous = Place<Source>.none
  }

  private var sources = Slab<Source, Source>()
  private var placesByTuple: FlowTable
  /// The first of each class.
  private var classes = [Place<Source>](repeating: .none, count: UInt32.bitWidth + 1)

  init(key: SecretKey) {
    placesByTuple = FlowTable(key: key)
  }

  var count: Int { sources.count }

  /// One of those that have most; nil where there is none.
  var greediest: Place<Source>? { classes.last { $0 != .none } }

  subscript(place: Place<Source>) -> Source {
    _read { yield sources[place] }
    _modify { yield &sources[place] }
  }

  /// The source of a connection, which comes in where it is new, with one connection more.
  mutating func countUp(for tuple: FourTuple) -> Place<Source> {
    let tuple = Self.source(of: tuple)
    let known = placesByTuple.number(of: tuple) { sources[Place($0)].tuple == tuple }.map { Place<Source>($0) }
    let place = known ?? sources.insert(Source(tuple: tuple))
    if known == nil { placesByTuple.insert(place.index, for: tuple) }
    change(place, to: sources[place].count + 1)
    return place
  }

  /// One connection less; a source without any is forgotten.
  mutating func countDown(_ place: Place<Source>) {
    change(place, to: sources[place].count - 1)
    guard sources[place].count == 0 else { return }
    placesByTuple.remove(place.index, for: sources[place].tuple)
    _ = sources.remove(at: place)
  }

  private static func source(of tuple: FourTuple) -> FourTuple {
    let (high, low) = tuple.remoteAddress
    let isIPv4 = IPv6Address(high: high, low: low).mapped != nil
    return FourTuple(
      localAddress: (0, 0),
      remoteAddress: (high, isIPv4 ? low : 0),
      ports: PortPair(local: 0, remote: 0)
    )
  }

  private static func classNumber(_ count: UInt32) -> Int { UInt32.bitWidth - count.leadingZeroBitCount }

  /// Sets the count of a source, and moves it to the class that this asks for. No count stands in no class.
  private mutating func change(_ place: Place<Source>, to count: UInt32) {
    let (old, new) = (Self.classNumber(sources[place].count), Self.classNumber(count))
    sources[place].count = count
    guard old != new else { return }
    if old > 0 { leave(place, old) }
    if new > 0 { enter(place, new) }
  }

  private mutating func enter(_ place: Place<Source>, _ number: Int) {
    let first = classes[number]
    sources[place].previous = .none
    sources[place].next = first
    if first != .none { sources[first].previous = place }
    classes[number] = place
  }

  private mutating func leave(_ place: Place<Source>, _ number: Int) {
    let (previous, next) = (sources[place].previous, sources[place].next)
    if previous != .none { sources[previous].next = next } else { classes[number] = next }
    if next != .none { sources[next].previous = previous }
  }

  /// Checks that each source stands in its class, and is found.
  func checkInvariants() {
    var listed = 0
    for (number, first) in classes.enumerated() {
      var (place, previous) = (first, Place<Source>.none)
      while place != .none {
        let source = sources[place]
        precondition(Self.classNumber(source.count) == number, "a source in another's class")
        precondition(source.previous == previous, "a class that can't be walked back")
        precondition(
          placesByTuple.number(of: source.tuple) { sources[Place($0)].tuple == source.tuple } == place.index,
          "a source that isn't found"
        )
        listed += 1
        (previous, place) = (place, source.next)
      }
    }
    precondition(listed == sources.count && listed == placesByTuple.count, "sources that were lost")
    placesByTuple.checkInvariants()
  }
}
