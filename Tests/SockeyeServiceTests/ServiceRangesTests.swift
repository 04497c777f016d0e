import Testing

@testable import SockeyeService

@Suite("Service: ranges")
struct ServiceRangesTests {
  @Test(
    "A range is cut to the file, and a suffix counts from its end (RFC 9110, section 14.1.2)",
    arguments: [
      ("bytes=0-0", [0..<1]), ("bytes=-1", [9..<10]), ("bytes=9-", [9..<10]), ("bytes=2-4", [2..<5]),
      ("bytes=0-99999999999999999999", [0..<10]), ("bytes=-9223372036854775808", [0..<10]),
      ("bytes=0-0,-1", [0..<1, 9..<10]), ("bytes= 0-0 , 5-5 ,", [0..<1, 5..<6]), ("BYTES=1-1", [1..<2]),
      ("bytes=5-5,99-", [5..<6]),
    ] as [(String, [Range<Int64>])]
  )
  func satisfiable(field: String, ranges: [Range<Int64>]) {
    #expect(ByteRanges.parse(field, length: 10) == .parts(ranges))
  }

  @Test(
    "A range without a byte in it cannot be satisfied",
    arguments: [
      "bytes=10-", "bytes=-0", "bytes=10-20", "bytes=99999999999999999999-",
      "bytes=9223372036854775807-9223372036854775807",
    ]
  )
  func unsatisfiable(field: String) { #expect(ByteRanges.parse(field, length: 10) == .unsatisfiable) }

  @Test(
    "What is no range is ignored, and so is one that asks for more than there is",
    arguments: [
      "bytes=5-2", "bytes=", "bytes", "items=0-1", "bytes=+1-2", "bytes=1-2-3", "bytes=0x1-2", "bytes=--1", "bytes=-",
      "bytes=a-b", "bytes=0-9,0-0", "bytes=0-0,x",
    ]
  )
  func ignored(field: String) { #expect(ByteRanges.parse(field, length: 10) == .whole) }

  @Test("More ranges than an honest client asks for get the whole, however small each is")
  func many() {
    let most = ByteRanges.mostRanges
    func field(_ count: Int) -> String { "bytes=" + (0..<count).map { "\($0)-\($0)" }.joined(separator: ",") }
    #expect(ByteRanges.parse(field(most), length: 10_000) != .whole)
    #expect(ByteRanges.parse(field(most + 1), length: 10_000) == .whole)
  }

  @Test("An empty file satisfies no range, and lengths at the limit do not overflow")
  func extremes() {
    #expect(ByteRanges.parse("bytes=0-0", length: 0) == .unsatisfiable)
    #expect(ByteRanges.parse("bytes=-5", length: 0) == .unsatisfiable)
    #expect(ByteRanges.parse("bytes=0-,1-", length: .max) == .whole)
    #expect(ByteRanges.parse("bytes=-1", length: .max) == .parts([(.max - 1)..<(.max)]))
  }

  @Test(
    "The range of an upload is read, or is none",
    arguments: [
      ("bytes 0-4/10", 0, 4, 10), ("bytes 5-9/*", 5, 9, nil), ("bytes 9-9/10", 9, 9, 10),
    ] as [(String, Int64, Int64, Int64?)]
  )
  func contentRange(field: String, first: Int64, last: Int64, total: Int64?) throws {
    let range = try #require(ContentRange(field))
    #expect(range.first == first && range.last == last && range.total == total)
  }

  @Test(
    "What makes no sense as the range of an upload is none",
    arguments: [
      "bytes 5-4/10", "bytes 0-10/10", "bytes +0-1/2", "bytes -1-2/3", "bytes 0-1", "bytes 0-1/", "bytes */10", "0-1/2",
      "bytes 0-9223372036854775807/*", "bytes 0-99999999999999999999/*", "bytes 0-1/2/3", "rows 0-1/2",
    ]
  )
  func badContentRange(field: String) { #expect(ContentRange(field) == nil) }
}
