import SockeyeSimulator
import Testing

@testable import SockeyeGateway

@Suite("Values in the order of their last use")
struct RestingOrderTests {
  @Test("It is a dictionary and a list by last use, whatever is done to it", arguments: 1...4 as ClosedRange<UInt64>)
  func model(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var order = RestingOrder<UInt64, UInt64>()
    var model: [(key: UInt64, value: UInt64)] = []
    for step: UInt64 in 0..<4_000 {
      let key = generator.next() % 24
      let index = model.firstIndex { $0.key == key }
      switch generator.next() % 5 {
      case 0:
        order.insert(step, for: key)
        if let index { model.remove(at: index) }
        model.append((key, step))
      case 1:
        order.use(key)
        if let index { model.append(model.remove(at: index)) }
      case 2:
        order[key] = step
        if let index { model[index].value = step }
      case 3:
        #expect(order.remove(key) == index.map { model.remove(at: $0).value })
      default:
        if let oldest = order.oldest, generator.next() % 4 == 0 {
          order.remove(oldest.key)
          model.removeFirst()
        }
      }
      #expect(order.count == model.count && order.isEmpty == model.isEmpty)
      #expect(order.oldest?.key == model.first?.key && order.oldest?.value == model.first?.value)
      #expect(order[key] == model.first { $0.key == key }?.value)
      #expect(order.keys(fromOldestWhile: { _ in true }) == model.map(\.key), "seed \(seed), step \(step)")
    }
    #expect(Set(order.keys) == Set(model.map(\.key)))
  }
}
