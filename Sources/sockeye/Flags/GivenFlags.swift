/// The flags that a command line has, with their values, in its order.
///
/// The parser has accepted the line before: no value begins with a dash (but `-`), and clusters of short names are known.
struct GivenFlags {
  private var entries: [(name: String, value: String?)] = []

  /// - Parameter arguments: What stands behind the verb.
  init(_ arguments: some Sequence<String>) {
    for argument in arguments {
      if argument == "--" { break }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let value = parts.count > 1 ? parts[1] : nil
      if argument.hasPrefix("--") {
        entries.append((parts[0], value))
      } else if argument.hasPrefix("-"), argument != "-" {
        for letter in parts[0].dropFirst() { entries.append(("-\(letter)", value)) }
      } else if let last = entries.indices.last, entries[last].value == nil {
        entries[last].value = argument
      }
    }
  }

  /// The names as they were written.
  var names: [String] { entries.map(\.name) }

  /// Whether a flag is given under any of its names; `--name=value` asks for the value as well.
  func has(_ flag: String, among rules: [FlagRule]) -> Bool {
    let parts = flag.split(separator: "=", maxSplits: 1).map(String.init)
    let names = Self.names(of: parts[0], rules)
    return entries.contains { names.contains($0.name) && (parts.count < 2 || $0.value == parts[1]) }
  }

  /// The value that a flag has last.
  func value(of flag: String, among rules: [FlagRule]) -> String? {
    let names = Self.names(of: flag, rules)
    return entries.last { names.contains($0.name) }?.value
  }

  private static func names(of flag: String, _ rules: [FlagRule]) -> [String] {
    rules.first { $0.names.contains(flag) }?.names ?? [flag]
  }
}
