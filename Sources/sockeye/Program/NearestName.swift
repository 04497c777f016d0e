/// Finds what a user may have meant.
enum NearestName {
  /// The name that takes the fewest changes to become, if it takes few for its length.
  static func of(_ word: String, among names: [String]) -> String? {
    let most = max(1, word.count / 3)
    let candidates = names.map { (name: $0, changes: $0.hasPrefix(word) ? 0 : changes(from: word, to: $0)) }
    return candidates.filter { $0.changes <= most }.min { $0.changes < $1.changes }?.name
  }

  /// How many letters must be put in, taken out, replaced, or swapped with the next (Damerau and Levenshtein).
  private static func changes(from first: String, to second: String) -> Int {
    let (a, b) = (Array(first), Array(second))
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, beforeLast[j - 1] + 1) }
        row.append(least)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
