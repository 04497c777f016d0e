internal import SockeyeText
internal import SockeyeTransport

/// A regular expression whose work is bounded.
///
/// It stands by hand beside Swift's `Regex`, which goes back over what it tried and may take for ever on a text that a peer
/// chose. All ways to match are followed at once instead (Thompson's construction, as Pike has it): the work is at most the
/// size of the expression times the length of the text, and both are bounded.
///
/// There are characters, `.`, classes (`[a-z]`, `[^0-9]`, `\d \w \s` and their opposites), `^` and `$`, groups (`(…)`, `(?:…)`),
/// `|`, and `* + ? {m} {m,} {m,n}`, each also as few as possible with a `?` behind.
struct Pattern: Sendable {
  /// How many instructions an expression may come to.
  static let largestProgram = 2000
  /// How much of a text is looked at, in characters.
  static let longestText = 16_384
  /// How many steps are made for a text; a match that takes more isn't found.
  static let mostSteps = 2_000_000

  indirect enum Node {
    case empty
    case character(CharacterSet)
    case start
    case end
    case sequence([Node])
    case either(Node, Node)
    case group(Node, Int?)
    case repetition(Node, minimum: Int, maximum: Int?, isGreedy: Bool)
  }

  enum Instruction: Sendable {
    case character(CharacterSet)
    case start
    case end
    case save(Int)
    case jump(Int)
    /// Both ways, the first one preferred.
    case split(Int, Int)
    case match
  }

  /// Some characters, or all but them.
  struct CharacterSet: Sendable {
    var ranges: [ClosedRange<UInt32>]
    var isInverted = false

    func contains(_ scalar: Unicode.Scalar) -> Bool {
      ranges.contains { $0.contains(scalar.value) } != isInverted
    }
  }

  private let program: [Instruction]
  private let slots: Int

  /// Reads an expression.
  ///
  /// - Throws: A failure of kind `usage` for what is none, or is too large.
  init(_ text: String) throws(Failure) {
    var parser = PatternParser(text)
    let node = try parser.parse()
    var compiler = PatternCompiler()
    try compiler.compile(.group(node, 0))
    program = compiler.program + [.match]
    slots = 2 * (parser.groups + 1)
  }

  /// What the expression finds first in a text: the whole of it, then its groups.
  func firstMatch(in text: String) -> [String]? {
    let scalars = Array(text.unicodeScalars.prefix(Self.longestText))
    guard let captures = run(scalars) else { return nil }
    return (0..<slots / 2).map { group in
      let (start, end) = (captures[2 * group], captures[2 * group + 1])
      guard start >= 0, end >= start else { return "" }
      var part = String.UnicodeScalarView()
      part.append(contentsOf: scalars[start..<end])
      return String(part)
    }
  }

  // MARK: Matching

  private struct Thread {
    let counter: Int
    var captures: [Int]
  }

  /// The ways that are followed at one place of the text, in the order of preference, each instruction once.
  private struct Threads {
    var list: [Thread] = []
    private var seen: [Bool]
    /// How many instructions were looked at.
    private(set) var steps = 0

    init(_ size: Int) { seen = [Bool](repeating: false, count: size) }

    mutating func visit(_ counter: Int) -> Bool {
      steps += 1
      if seen[counter] { return false }
      seen[counter] = true
      return true
    }

    mutating func clear() {
      list.removeAll(keepingCapacity: true)
      for index in seen.indices { seen[index] = false }
    }
  }

  private func run(_ text: [Unicode.Scalar]) -> [Int]? {
    var current = Threads(program.count)
    var next = Threads(program.count)
    var found: [Int]?
    let none = [Int](repeating: -1, count: slots)
    for position in 0...text.count {
      // A match that began before is preferred.
      if found == nil { add(0, none, position, text, &current) }
      if current.list.isEmpty && found != nil || current.steps + next.steps > Self.mostSteps { break }
      step: for thread in current.list {
        switch program[thread.counter] {
        case .match:
          found = thread.captures
          // What comes behind it is less preferred.
          break step
        case .character(let set):
          guard position < text.count, set.contains(text[position]) else { continue }
          add(thread.counter + 1, thread.captures, position + 1, text, &next)
        case .start, .end, .save, .jump, .split: continue
        }
      }
      swap(&current, &next)
      next.clear()
    }
    return found
  }

  /// Follows what needs no character, without recursion: an expression may be long.
  private func add(
    _ counter: Int,
    _ captures: [Int],
    _ position: Int,
    _ text: [Unicode.Scalar],
    _ threads: inout Threads
  ) {
    var stack = [Thread(counter: counter, captures: captures)]
    while var thread = stack.popLast() {
      guard threads.visit(thread.counter) else { continue }
      switch program[thread.counter] {
      case .jump(let target): stack.append(Thread(counter: target, captures: thread.captures))
      case .split(let first, let second):
        stack.append(Thread(counter: second, captures: thread.captures))
        stack.append(Thread(counter: first, captures: thread.captures))
      case .save(let slot):
        thread.captures[slot] = position
        stack.append(Thread(counter: thread.counter + 1, captures: thread.captures))
      case .start where position == 0, .end where position == text.count:
        stack.append(Thread(counter: thread.counter + 1, captures: thread.captures))
      case .start, .end: continue
      case .character, .match: threads.list.append(thread)
      }
    }
  }
}

/// Turns an expression into instructions.
private struct PatternCompiler {
  private(set) var program: [Pattern.Instruction] = []
  /// Repetitions of nothing come to no instructions, and take time all the same.
  private var steps = 0

  mutating func compile(_ node: Pattern.Node) throws(Failure) {
    steps += 1
    guard program.count < Pattern.largestProgram, steps < 8 * Pattern.largestProgram else {
      throw Failure(.usage, .patternTooLarge)
    }
    switch node {
    case .empty: return
    case .character(let set): program.append(.character(set))
    case .start: program.append(.start)
    case .end: program.append(.end)
    case .sequence(let nodes): for node in nodes { try compile(node) }
    case .group(let node, let number):
      if let number { program.append(.save(2 * number)) }
      try compile(node)
      if let number { program.append(.save(2 * number + 1)) }
    case .either(let first, let second):
      let split = reserve()
      try compile(first)
      let jump = reserve()
      program[split] = .split(split + 1, program.count)
      try compile(second)
      program[jump] = .jump(program.count)
    case .repetition(let node, let minimum, let maximum, let isGreedy):
      for _ in 0..<minimum { try compile(node) }
      guard let maximum else { return try loop(node, isGreedy: isGreedy) }
      for _ in minimum..<max(minimum, maximum) { try optional(node, isGreedy: isGreedy) }
    }
  }

  private mutating func reserve() -> Int {
    program.append(.jump(0))
    return program.count - 1
  }

  private mutating func loop(_ node: Pattern.Node, isGreedy: Bool) throws(Failure) {
    let split = reserve()
    try compile(node)
    program.append(.jump(split))
    program[split] = isGreedy ? .split(split + 1, program.count) : .split(program.count, split + 1)
  }

  private mutating func optional(_ node: Pattern.Node, isGreedy: Bool) throws(Failure) {
    let split = reserve()
    try compile(node)
    program[split] = isGreedy ? .split(split + 1, program.count) : .split(program.count, split + 1)
  }
}
