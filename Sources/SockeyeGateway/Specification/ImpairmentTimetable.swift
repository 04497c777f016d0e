public import NIOCore
public import SockeyeTransport

/// Changes of a network by the clock, a line each: `at 10s loss=5%`. What stands behind `#` is for readers.
public struct ImpairmentTimetable: Equatable, Sendable {
  /// One change.
  public struct Entry: Equatable, Sendable {
    /// When, counted from the start.
    public let time: TimeAmount
    /// What changes, as a ``PathSpecification`` is changed.
    public let text: String
  }

  /// The changes in the order of time.
  public let entries: [Entry]

  /// Reads a timetable.
  ///
  /// - Parameters:
  ///   - text: its lines.
  ///   - base: the network that is changed, by which each line is tried.
  /// - Throws: a failure of kind `usage` that names the first line that is wrong.
  public init(_ text: String, changing base: PathSpecification) throws(Failure) {
    var entries: [Entry] = []
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      guard !words.isEmpty else { continue }
      guard words.count == 3, words[0] == "at", let time = Self.time(words[1]) else {
        throw Failure(.usage, .badTimetableLine(number))
      }
      let change = String(words[2])
      do throws(Failure) {
        var changed = base
        try changed.change(byLiveText: change)
      } catch {
        throw Failure(.usage, .badTimetableChange(number, error.phrase))
      }
      entries.append(Entry(time: time, text: change))
    }
    // Sorting keeps the order of equal times only where the places are compared too.
    self.entries = entries.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
      .map(\.element)
  }

  private static func time(_ text: Substring) -> TimeAmount? {
    let units: [(String, Double)] = [("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)]
    for (unit, factor) in units where text.hasSuffix(unit) {
      guard let count = Double(text.dropLast(unit.count)), count >= 0, count * factor < 1e18 else { continue }
      return .nanoseconds(Int64(count * factor))
    }
    return nil
  }
}
