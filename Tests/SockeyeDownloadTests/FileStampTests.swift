import Glibc
import NIOHTTP1
import SockeyeText
import Testing

@testable import SockeyeDownload

@Suite("Download: whether what is there is the server's")
struct FileStampTests {
  private func status(size: Int, written: Int, kind: mode_t = S_IFREG) -> stat {
    var status = stat()
    status.st_mode = kind | 0o644
    status.st_size = size
    status.st_mtim.tv_sec = written
    return status
  }

  @Test(
    "The size has to be the same, and the file written here after it was changed there",
    arguments: [
      (5, 100, 5, 100, .same), (5, 100, 5, 99, .same), (5, 100, 5, 101, .different), (5, 100, 6, 1, .different),
      (5, 100, 5, nil, .same), (5, 100, nil, 101, .different), (5, 100, nil, 100, .unknown),
      (5, 100, nil, nil, .unknown),
    ] as [(Int, Int, UInt64?, Int64?, FileStamp.Comparison)]
  )
  func comparisons(size: Int, written: Int, listed: UInt64?, modified: Int64?, expected: FileStamp.Comparison) {
    let stamp = FileStamp(size: listed, modified: modified)
    #expect(stamp.compare(with: status(size: size, written: written)) == expected)
  }

  @Test("What is no regular file is not compared", arguments: [S_IFDIR, S_IFLNK, S_IFIFO])
  func others(kind: mode_t) {
    let stamp = FileStamp(size: 5, modified: nil)
    #expect(stamp.compare(with: status(size: 5, written: 1, kind: kind)) == .unknown)
  }

  @Test("A response and a listing say when a file was changed")
  func fields() {
    let fields: HTTPHeaders = ["Content-Length": "7", "Last-Modified": "Sun, 09 Sep 2001 01:46:40 GMT"]
    let stamp = FileStamp(HTTPResponseHead(version: .http1_1, status: .ok, headers: fields))
    #expect(stamp == FileStamp(size: 7, modified: 1_000_000_000))
    #expect(HTTPDate.parse(internetText: "2001-09-09T01:46:40Z") == 1_000_000_000)
    for text in [
      "", "x", "2001-09-09", "2001-13-09T01:46:40Z", "2001-09-09T25:46:40Z", "2001-09-09T01:46:40", "T", "-T-Z",
    ] {
      #expect(HTTPDate.parse(internetText: text) == nil, "\(text)")
    }
  }
}
