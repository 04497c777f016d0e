import Testing

@testable import SockeyeHost

@Suite("Slab")
struct SlabTests {
  @Test("A handle finds its element until it is removed, and never what comes after it")
  func generations() {
    var slab = Slab<Int, Int>()
    let handles = (0..<200).map { slab.handle(at: slab.insert($0)) }
    #expect(slab.count == 200)
    for (value, handle) in handles.enumerated() {
      #expect(slab.place(of: handle).map { slab[$0] } == value)
    }
    for handle in handles { if let place = slab.place(of: handle) { #expect(slab.remove(at: place) == place.index) } }
    #expect(slab.count == 0)
    let again = (0..<200).map { slab.insert($0 + 1000) }
    #expect(Set(again.map(\.index)) == Set(handles.map(\.number)))
    for handle in handles { #expect(slab.place(of: handle) == nil) }
  }

  @Test("What is left in a slab goes with it")
  func deinitialization() {
    final class Witness {}
    weak var witness: Witness?
    do {
      var slab = Slab<Witness, Witness>()
      let object = Witness()
      witness = object
      _ = slab.insert(object)
      _ = slab.remove(at: slab.insert(Witness()))
    }
    #expect(witness == nil)
  }
}
