import ArgumentParser
import NIOCore

/// How long to wait before trying again: `200ms..10s`, the first and the longest wait, or one for both.
struct BackOffArgument: ExpressibleByArgument, CustomStringConvertible {
  let range: ClosedRange<TimeAmount>

  init(_ range: ClosedRange<TimeAmount>) { self.range = range }

  init?(argument: String) {
    guard let dots = argument.firstRange(of: "..") else {
      guard let only = DurationArgument(argument: argument) else { return nil }
      self.range = only.amount...only.amount
      return
    }
    guard let first = DurationArgument(argument: String(argument[..<dots.lowerBound])),
      let last = DurationArgument(argument: String(argument[dots.upperBound...])), first.amount <= last.amount
    else { return nil }
    self.range = first.amount...last.amount
  }

  var description: String {
    "\(DurationArgument(self.range.lowerBound))..\(DurationArgument(self.range.upperBound))"
  }
}
