import Glibc
import SockeyeTransport
import Synchronization
import Testing

@testable import SockeyeDownload

@Suite("Download: what stands in the folder")
struct FolderTests {
  /// A folder that is empty at first.
  private final class Place {
    let folder: Folder
    let path: String

    init() throws {
      var template = Array("/tmp/sockeye-folder-XXXXXX".utf8CString)
      let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
      path = String(cString: try #require(made))
      folder = try Folder(path: path)
    }

    deinit {
      for name in ["file", "link", "pipe", "named"] { unlink("\(path)/\(name)") }
      rmdir(path)
    }

    func make(_ name: String) {
      let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      #expect(descriptor >= 0)
      close(descriptor)
    }
  }

  private func isRefused(_ body: () throws -> Void) {
    #expect(performing: body, throws: { ($0 as? Failure)?.kind == .refusedLocally })
  }

  @Test("A pipe is not opened, nor a link, wherever it leads; a file is")
  func kinds() throws {
    let place = try Place()
    place.make("file")
    #expect(symlink("file", "\(place.path)/link") == 0 && mkfifo("\(place.path)/pipe", 0o644) == 0)
    close(try place.folder.open("file"))
    for name in ["link", "pipe"] { isRefused { close(try place.folder.open(name)) } }
  }

  @Test("A file of another user is not written to", .enabled(if: geteuid() == 0, "only root can make one"))
  func owners() throws {
    let place = try Place()
    place.make("file")
    #expect(chown("\(place.path)/file", 1, 1) == 0)
    isRefused { close(try place.folder.open("file")) }
  }

  @Test("A file that can't be brought to the disk gets no name")
  func unsynchronized() async throws {
    let place = try Place()
    place.make("file")
    // What a descriptor for the path alone stands for can be named, and not synchronized.
    let descriptor = open("\(place.path)/file", 0o10000000 | O_CLOEXEC)
    let threads = BlockingThreads(count: 1)
    let publisher = SmallFilePublisher(threads: threads)
    let problems = Mutex<[Failure.Kind?]>([])
    await publisher.publish(.init(folder: place.folder, name: "named", descriptor: descriptor)) { failure in
      problems.withLock { $0.append(failure?.kind) }
    }
    await publisher.finish()
    await threads.shutDown()
    #expect(problems.withLock { $0 } == [.localFile])
    #expect(try place.folder.status("named") == nil)
  }
}
