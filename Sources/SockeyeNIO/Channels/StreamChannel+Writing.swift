internal import Glibc
internal import NIOCore
internal import SockeyeHost

/// What is written, and how the writing side ends.
extension StreamChannel {
  /// Bytes of a file that are read at once: as many as a few super-segments carry.
  private static var filePiece: Int { 256 * 1024 }

  func add(_ data: IOData, promise: EventLoopPromise<Void>?) {
    guard case .open = output else {
      promise?.fail(ChannelError.outputClosed)
      return
    }
    guard pending.append(data, promise: promise) else { return }
    _ = status.setWritable(false)
    pipeline.syncOperations.fireChannelWritabilityChanged()
  }

  /// Moves what was flushed into the socket, as far as that has room. What promises and handlers write and flush meanwhile is
  /// moved by the same call.
  func moveFlushed() {
    guard lifecycle.isActive, case .idle = transfer else { return }
    transfer = .moving
    // A handler that is told of writability writes on, closes, or both: it is told while the next piece waits.
    while moveWhatFits() == .hasBecomeWritable, pending.next != nil {}
    if case .moving = transfer { transfer = .idle }
    if case .closing(let promise) = output, pending.isEmpty, lifecycle.isActive { finishOutput(promise) }
  }

  private enum Movement {
    case rests
    case hasBecomeWritable
  }

  private func moveWhatFits() -> Movement {
    while lifecycle.isActive, let socket, let next = pending.next {
      do {
        let count =
          switch next {
          case .bytes(var buffer): buffer.readableBytes == 0 ? 0 : try loop.host.write(&buffer, to: socket)
          case .file(let region): try write(region, to: socket)
          }
        pending.advance(by: count)?.succeed(())
      } catch SocketError.wouldBlock {
        break
      } catch {
        // A handler may be on the stack: what has arrived is read and the channel is closed in a turn of its own.
        transfer = .failed((error as? SocketError).map { IOError($0, "write") } ?? error)
        readLater()
        break
      }
    }
    guard lifecycle.isActive, pending.becameWritable() else { return .rests }
    _ = status.setWritable(true)
    pipeline.syncOperations.fireChannelWritabilityChanged()
    if case .failed = transfer { return .rests }
    return .hasBecomeWritable
  }

  /// Writes the next piece of a file. A file that has become shorter than its region is an error: the peer was promised more.
  private func write(_ region: FileRegion, to socket: Handle) throws -> Int {
    guard region.readableBytes > 0 else { return 0 }
    var buffer = ByteBufferAllocator().buffer(capacity: min(region.readableBytes, Self.filePiece))
    let count = try region.fileHandle.withUnsafeFileDescriptor { descriptor in
      try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 1) { room in
        while true {
          let count = pread(
            descriptor,
            room.baseAddress,
            min(room.count, region.readableBytes),
            off_t(region.readerIndex)
          )
          if count >= 0 { return count }
          guard errno == EINTR else { throw IOError(errnoCode: errno, reason: "pread") }
        }
      }
    }
    guard count > 0 else { throw IOError(errnoCode: EIO, reason: "the file is shorter than what was to be sent of it") }
    return try loop.host.write(&buffer, to: socket)
  }

  /// Ends this side's direction: the peer reads to its end, and then the end.
  private func finishOutput(_ promise: EventLoopPromise<Void>?) {
    guard let socket else { return }
    output = .closed
    guard !isInputClosed else {
      // Both directions are over, and so is the channel.
      close0(error: ChannelError.outputClosed, mode: .all, promise: promise)
      return
    }
    do {
      try loop.host.shutdown(socket, .writing)
      promise?.succeed(())
    } catch {
      promise?.fail(IOError(error, "shutdown"))
    }
    pipeline.fireUserInboundEventTriggered(ChannelEvent.outputClosed)
  }

  func close(_ mode: CloseMode, error: any Error, promise: EventLoopPromise<Void>?) {
    switch mode {
    case .output: closeOutput(error: error, promise: promise)
    case .input: closeInput(error: error, promise: promise)
    case .all: close0(error: error, mode: .all, promise: promise)
    }
  }

  private func closeOutput(error: any Error, promise: EventLoopPromise<Void>?) {
    switch output {
    case .closed:
      promise?.fail(ChannelError.outputClosed)
    case .closing(let earlier):
      guard let promise else { return }
      guard let earlier else {
        output = .closing(promise)
        return
      }
      earlier.futureResult.cascade(to: promise)
    case .open where pending.isEmpty && lifecycle.isActive:
      finishOutput(promise)
    case .open:
      output = .closing(promise)
    }
  }

  private func closeInput(error: any Error, promise: EventLoopPromise<Void>?) {
    guard lifecycle.isActive, let socket else {
      promise?.fail(ChannelError.inappropriateOperationForState)
      return
    }
    guard !isInputClosed else {
      promise?.fail(ChannelError.inputClosed)
      return
    }
    if case .closed = output {
      close0(error: error, mode: .all, promise: promise)
      return
    }
    isInputClosed = true
    // A peer that has closed needn't be told.
    if case ChannelError.eof = error {} else { try? loop.host.shutdown(socket, .reading) }
    promise?.succeed(())
    pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
  }

  func failWrites(_ error: any Error) {
    let promises = pending.removeAll()
    var end: EventLoopPromise<Void>?
    if case .closing(let promise) = output { end = promise }
    output = .closed
    for promise in promises { promise.fail(error) }
    end?.fail(error)
  }
}
