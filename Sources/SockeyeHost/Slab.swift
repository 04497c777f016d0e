/// A name for something in a slab that can't be mistaken for what comes to stand in its place later.
public struct Handle: Hashable, Sendable {
  let index: UInt32
  /// Odd while the place is taken; a new one each time.
  let generation: UInt32
}

/// Storage for elements that stay where they are from insertion to removal, named by generational handles.
///
/// Pages are never moved or given back, so a host's memory is that of the most that it ever held at once.
@usableFromInline
struct Slab<Element: ~Copyable>: ~Copyable {
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
      place(index).deinitialize(count: 1)
    }
    for page in pages { page.deallocate() }
  }

  private func place(_ index: Int) -> UnsafeMutablePointer<Element> {
    pages[index >> Self.pageShift] + (index & (1 << Self.pageShift - 1))
  }

  /// Takes `element` in and returns its handle.
  mutating func insert(_ element: consuming Element) -> Handle {
    let index: Int
    if let last = free.popLast() {
      index = Int(last)
    } else {
      index = generations.count
      if index >> Self.pageShift == pages.count { pages.append(.allocate(capacity: 1 << Self.pageShift)) }
      generations.append(0)
    }
    generations[index] &+= 1
    place(index).initialize(to: element)
    return Handle(index: UInt32(truncatingIfNeeded: index), generation: generations[index])
  }

  /// Gives the element at `index` back, which must be there. Handles to it become stale.
  mutating func remove(at index: Int) -> Element {
    precondition(isTaken(index), "nothing to remove")
    generations[index] &+= 1
    free.append(UInt32(truncatingIfNeeded: index))
    return place(index).move()
  }

  /// Where the element that `handle` names is; nil if it is gone.
  func index(of handle: Handle) -> Int? {
    let index = Int(handle.index)
    guard index < generations.count, generations[index] == handle.generation else { return nil }
    return index
  }

  /// The handle of the element at `index`, which must be there.
  func handle(at index: Int) -> Handle {
    precondition(isTaken(index), "no handle of an empty place")
    return Handle(index: UInt32(truncatingIfNeeded: index), generation: generations[index])
  }

  /// Whether there is an element at `index`.
  func isTaken(_ index: Int) -> Bool {
    index >= 0 && index < generations.count && generations[index] & 1 != 0
  }

  /// The places that may hold elements.
  var indices: Range<Int> { 0..<generations.count }

  /// The element at `index`, which must be there.
  subscript(index: Int) -> Element {
    _read {
      precondition(isTaken(index), "no element at this place")
      yield pages[index >> Self.pageShift][index & (1 << Self.pageShift - 1)]
    }
    _modify {
      precondition(isTaken(index), "no element at this place")
      yield &pages[index >> Self.pageShift][index & (1 << Self.pageShift - 1)]
    }
  }
}
