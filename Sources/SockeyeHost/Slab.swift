/// A name for a socket that can't be mistaken for one that comes to stand in its place later.
public struct Handle: Hashable, Sendable {
  let index: UInt32
  /// Odd while the place is taken; a new one each time.
  let generation: UInt32

  /// A small number that no other socket of the host has at the same time, to index tables by. Closed sockets' numbers are
  /// used again.
  public var number: Int { Int(index) }
}

/// Storage for elements that stay where they are from insertion to removal. Places are used again; a handle tells whether
/// it's still the same element that stands there.
///
/// Pages are never moved or given back, so a host's memory is that of the most that it ever held at once.
@usableFromInline
struct Slab<Element: ~Copyable, Kind: ~Copyable>: ~Copyable {
  private static var pageShift: Int { 3 }

  private var pages: [UnsafeMutablePointer<Element>] = []
  private var generations: [UInt32] = []
  /// The free places, the last freed last, so that warm memory is used again first.
  private var free: [UInt32] = []

  /// How many elements there are.
  var count: Int { generations.count - free.count }

  init() {}

  deinit {
    for index in generations.indices where generations[index] & 1 != 0 {
      pointer(index).deinitialize(count: 1)
    }
    for page in pages { page.deallocate() }
  }

  private func pointer(_ index: Int) -> UnsafeMutablePointer<Element> {
    pages[index >> Self.pageShift] + (index & (1 << Self.pageShift - 1))
  }

  /// Takes `element` in and returns where it stands.
  mutating func insert(_ element: consuming Element) -> Place<Kind> {
    let index: Int
    if let last = free.popLast() {
      index = Int(last)
    } else {
      index = generations.count
      if index >> Self.pageShift == pages.count { pages.append(.allocate(capacity: 1 << Self.pageShift)) }
      generations.append(0)
    }
    generations[index] &+= 1
    pointer(index).initialize(to: element)
    return Place(index)
  }

  /// Gives the element at `place` back, which must be there. Handles to it become stale.
  mutating func remove(at place: Place<Kind>) -> Element {
    precondition(isTaken(place), "nothing to remove")
    generations[place.index] &+= 1
    free.append(place.number)
    return pointer(place.index).move()
  }

  /// Where the element that `handle` names is; nil if it is gone.
  func place(of handle: Handle) -> Place<Kind>? {
    guard handle.index < generations.count, generations[Int(handle.index)] == handle.generation else { return nil }
    return Place(handle.index)
  }

  /// The handle of the element at `place`, which must be there.
  func handle(at place: Place<Kind>) -> Handle {
    precondition(isTaken(place), "no handle of an empty place")
    return Handle(index: place.number, generation: generations[place.index])
  }

  /// Whether there is an element at `place`.
  func isTaken(_ place: Place<Kind>) -> Bool {
    place.index < generations.count && generations[place.index] & 1 != 0
  }

  /// How many places there are, free ones among them.
  var capacity: Int { generations.count }

  /// The places that hold elements, one after another: the first at or behind `start`; nil behind the last.
  func firstTaken(from start: Int) -> Place<Kind>? {
    var index = start
    while index < generations.count {
      if generations[index] & 1 != 0 { return Place(index) }
      index += 1
    }
    return nil
  }

  /// The element at `place`, which must be there.
  subscript(place: Place<Kind>) -> Element {
    _read {
      precondition(isTaken(place), "no element at this place")
      yield pages[place.index >> Self.pageShift][place.index & (1 << Self.pageShift - 1)]
    }
    _modify {
      precondition(isTaken(place), "no element at this place")
      yield &pages[place.index >> Self.pageShift][place.index & (1 << Self.pageShift - 1)]
    }
  }
}
