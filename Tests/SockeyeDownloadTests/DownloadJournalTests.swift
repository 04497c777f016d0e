import NIOCore
import SockeyeText
import Testing

@testable import SockeyeDownload

@Suite("Download: the journal")
struct DownloadJournalTests {
  private let identity = DownloadJournal.Identity(
    url: "http://h/x",
    file: FileIdentity(
      size: 1000,
      entityTag: "\"v1\"",
      lastModified: nil,
      digest: SHA256Sum(bytes: [UInt8](repeating: 7, count: 32))
    )
  )

  private func state(_ count: Int) -> ResumableSHA256.State {
    var hash = ResumableSHA256()
    [UInt8](repeating: 1, count: count).withUnsafeBytes { hash.update($0) }
    return hash.state
  }

  /// The bytes of a journal, and where each of its records ends.
  private func write(_ records: [DownloadJournal.Record]) -> (bytes: [UInt8], ends: [Int]) {
    var journal = DownloadJournal()
    var bytes: [UInt8] = []
    var ends: [Int] = []
    for record in records {
      bytes += Array(buffer: journal.append(record))
      ends.append(bytes.count)
    }
    #expect(journal == DownloadJournal(bytes))
    return (bytes, ends)
  }

  @Test("What was written is read")
  func roundTrip() throws {
    let checkpoint = DownloadJournal.Checkpoint(state: state(500), held: [600..<700, 800..<900])
    let whole = DownloadJournal.Whole(digest: try #require(identity.file.digest), size: 1000, inode: 5)
    let (bytes, _) = write([
      .begin(identity), .checkpoint(.init(state: state(100), held: [])), .checkpoint(checkpoint),
      .whole(whole),
    ])
    let journal = try #require(DownloadJournal(bytes))
    #expect(journal.identity == identity)
    #expect(journal.checkpoint == checkpoint)
    #expect(journal.stateBefore == state(100))
    #expect(journal.whole == whole)
    #expect(journal.validLength == bytes.count)
  }

  @Test("Cut at any byte, it says what its whole records say")
  func cut() throws {
    let checkpoints = [64, 65, 700].map { DownloadJournal.Checkpoint(state: state($0), held: []) }
    let (bytes, ends) = write([.begin(identity)] + checkpoints.map { .checkpoint($0) })
    for length in 0...bytes.count {
      let journal = try #require(DownloadJournal(Array(bytes[..<length])), "cut at \(length)")
      let count = ends.count { $0 <= length }
      #expect(journal.identity == (count > 0 ? identity : nil), "cut at \(length)")
      #expect(journal.checkpoint == (count > 1 ? checkpoints[count - 2] : nil), "cut at \(length)")
      #expect(
        journal.validLength
          == (count > 0 ? ends[count - 1] : length < DownloadJournal.magic.count ? 0 : DownloadJournal.magic.count)
      )
    }
  }

  @Test("A record with any bit changed counts for nothing, and neither do those behind it")
  func flipped() throws {
    let (bytes, ends) = write([
      .begin(identity), .checkpoint(.init(state: state(64), held: [])),
      .checkpoint(.init(state: state(128), held: [])),
    ])
    for index in ends[0]..<ends[1] {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      let journal = try #require(DownloadJournal(damaged))
      #expect(journal.checkpoint == nil && journal.validLength == ends[0], "byte \(index)")
    }
  }

  @Test("A record from elsewhere doesn't fit into the chain")
  func chained() throws {
    let (first, ends) = write([.begin(identity), .checkpoint(.init(state: state(64), held: []))])
    var other = identity
    other.url = "http://h/y"
    let (second, otherEnds) = write([.begin(other)])
    let spliced = Array(second[..<otherEnds[0]]) + Array(first[ends[0]...])
    #expect(try #require(DownloadJournal(spliced)).checkpoint == nil)
  }

  @Test("A new beginning makes what was before it void")
  func restarted() throws {
    let (bytes, _) = write([
      .begin(identity), .checkpoint(.init(state: state(64), held: [1..<2])), .begin(identity),
    ])
    let journal = try #require(DownloadJournal(bytes))
    #expect(journal.checkpoint == nil && journal.stateBefore == .initial)
  }

  @Test("What isn't a journal is not taken for one")
  func foreign() {
    #expect(DownloadJournal(Array("somebody's notes".utf8)) == nil)
    #expect(DownloadJournal([0]) == nil)
    #expect(DownloadJournal([])?.identity == nil)
  }

  @Test("A length of 4 GiB allocates nothing and ends the journal")
  func hugeLength() throws {
    let bytes = DownloadJournal.magic + [0xff, 0xff, 0xff, 0xff] + [UInt8](repeating: 0, count: 8)
    #expect(try #require(DownloadJournal(bytes)).validLength == DownloadJournal.magic.count)
  }
}
