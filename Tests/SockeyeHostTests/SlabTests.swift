import Testing

@testable import SockeyeHost

@Suite("Slab")
struct SlabTests {
  @Test("A handle finds its element until it is removed, and never what comes after it")
  func generations() {
    var slab = Slab<Int>()
    let handles = (0..<200).map { slab.insert($0) }
    #expect(slab.count == 200)
    for (value, handle) in handles.enumerated() {
      #expect(slab.index(of: handle).map { slab[$0] } == value)
    }
    for handle in handles { if let index = slab.index(of: handle) { #expect(slab.remove(at: index) == index) } }
    #expect(slab.count == 0)
    let again = (0..<200).map { slab.insert($0 + 1000) }
    #expect(Set(again.map(\.index)) == Set(handles.map(\.index)))
    for handle in handles { #expect(slab.index(of: handle) == nil) }
  }

  @Test("What is left in a slab goes with it")
  func deinitialization() {
    final class Witness {}
    weak var witness: Witness?
    do {
      var slab = Slab<Witness>()
      let object = Witness()
      witness = object
      _ = slab.insert(object)
      _ = slab.remove(at: Int(slab.insert(Witness()).index))
    }
    #expect(witness == nil)
  }
}
