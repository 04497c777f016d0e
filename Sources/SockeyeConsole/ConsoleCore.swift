internal import NIOCore
internal import SockeyeText
internal import SockeyeTransport

/// A console's state. Confined to one event loop.
final class ConsoleCore {
  let configuration: ConsoleConfiguration
  let transport: Transport
  let eventLoop: any EventLoop
  private var lines: [ObjectIdentifier: ConsoleLine] = [:]
  /// What the page had us keep.
  var savedState = JSONValue.null

  init(_ configuration: ConsoleConfiguration, over transport: Transport, on eventLoop: any EventLoop) {
    self.configuration = configuration
    self.transport = transport
    self.eventLoop = eventLoop
  }

  // MARK: Those who speak to it

  func attach(_ key: ConsoleLine.Key, _ sink: ConsoleLine.Sink) {
    lines[ObjectIdentifier(key)] = ConsoleLine(key, sink, on: eventLoop)
  }

  func detach(_ key: ConsoleLine.Key) { lines.removeValue(forKey: ObjectIdentifier(key))?.end() }

  func becameWritable(_ key: ConsoleLine.Key) { lines[ObjectIdentifier(key)]?.becameWritable() }

  func take(_ bytes: ByteBuffer, from key: ConsoleLine.Key) {
    guard let line = lines[ObjectIdentifier(key)] else { return }
    line.asked()
    do {
      let request = try ConsoleRequest(bytes)
      perform(request) { [configuration] result in
        switch result {
        case .success(let members): line.answer(request.id, members)
        case .failure(let error): line.refuse(request.id, error, in: configuration.language)
        }
      }
    } catch {
      line.refuse(error.id, error.error, in: configuration.language)
    }
  }

  /// Tells everybody of something.
  func tell(_ event: JSONObject) {
    guard !lines.isEmpty else { return }
    let text = event.text
    for line in lines.values { line.tell(text) }
  }
}
