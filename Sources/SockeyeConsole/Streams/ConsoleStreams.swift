import Glibc
import NIOCore
import SockeyeTalk
import SockeyeText
public import SockeyeTransport

/// A program that speaks to a console over descriptors: one JSON object a line, either way. Nothing is kept from it: while it
/// doesn't read, peers aren't read from.
public struct ConsoleStreams: Sendable {
  private let console: Console
  private let writer: DescriptorWriter
  private let line: ConsoleLine.Key
  private let reader: NIOLoopBound<RequestReader>
  private let end: EventLoopPromise<Void>

  /// Begins to tell a program what happens.
  ///
  /// - Parameters:
  ///   - console: The console.
  ///   - descriptor: Where what happens is written.
  ///   - failed: Told, on a thread of its own, when nothing can be written any more: the error number.
  /// - Throws: A failure of kind `other` when no thread can be started.
  public static func start(
    for console: Console,
    writingTo descriptor: CInt,
    failed: @escaping @Sendable (CInt) -> Void
  ) async throws(Failure) -> ConsoleStreams {
    let key = ConsoleLine.Key()
    let eventLoop = console.eventLoop
    let writer = try DescriptorWriter(descriptor: descriptor) { event in
      switch event {
      case .drained: console.becameWritable(key)
      case .failed(let error): failed(error)
      }
    }
    let end = eventLoop.makePromise(of: Void.self)
    let reader: NIOLoopBound<RequestReader>
    do {
      reader = try await eventLoop.submit {
        let reader = RequestReader {
          console.take($0, from: key)
        } ended: { failure in
          if let failure { end.fail(failure) } else { end.succeed() }
        }
        return NIOLoopBound(reader, eventLoop: eventLoop)
      }.get()
    } catch {
      throw Failure(.other, .unknownFault("\(error)"))
    }
    console.attach(
      key,
      ConsoleLine.Sink(
        isForProgram: true,
        isWritable: { !writer.isFull },
        write: { text in writer.write(ByteBuffer(string: text + "\n")) },
        hold: { isHeld in eventLoop.execute { reader.value.isHeld = isHeld } }
      )
    )
    return ConsoleStreams(console: console, writer: writer, line: key, reader: reader, end: end)
  }

  /// Reads requests until there are no more, and waits until all are answered.
  ///
  /// - Throws: A failure of kind `localFile` when the descriptor can't be read.
  public func readRequests(from descriptor: CInt) async throws(Failure) {
    let eventLoop = console.eventLoop
    let reader = self.reader
    let source = try DescriptorReader(descriptor: descriptor) { eventLoop.execute { reader.value.pump() } }
    eventLoop.execute { reader.value.start(source) }
    do {
      try await end.futureResult.get()
    } catch {
      throw error as? Failure ?? Failure(.other, .unknownFault("\(error)"))
    }
    await console.answered(line)
  }

  /// Waits until everything is written.
  ///
  /// - Returns: The error number, if it can't be.
  public func flush() async -> CInt? { await writer.flush() }
}
