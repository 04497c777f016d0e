import NIOCore
import SockeyeGateway
import SockeyeService
import SockeyeTalk
import SockeyeText
import SockeyeTransport

/// `listen --proxy-server`: SOCKS 5 and HTTP CONNECT on one port.
extension Listen {
  func serveAsProxy(on endpoint: Endpoint, over transport: Transport) async throws {
    let output = ProxyOutput(isJSON: flags.isJSON, isQuiet: flags.quiet)
    let service = ProxyService(try proxyConfiguration(), over: transport) { event in output.take(event) }
    let listener = try await service.listen(on: endpoint)
    output.listening(listener.addresses)
    if authFile == nil, listener.addresses.contains(where: { !$0.isLoopback }), !flags.quiet {
      StandardError.say(.proxyIsOpen)
    }
    if let readyFile { try ReadyFile.write(listener.addresses, to: readyFile) }
    let isQuiet = flags.quiet
    Signals.shared.onEnding { _ in
      if !isQuiet { StandardError.say(.drainingClients) }
      for channel in listener.channels { channel.close(promise: nil) }
    }
    await listener.waitUntilClosed()
    await service.waitUntilDrained()
    if let signal = Signals.shared.ending { throw SignalEnding(signal: signal) }
  }

  private func proxyConfiguration() throws(Failure) -> ProxyService.Configuration {
    var result = ProxyService.Configuration()
    for rule in allow { result.rules.allowed.append(try AccessRule(rule)) }
    for rule in deny { result.rules.denied.append(try AccessRule(rule)) }
    if let authFile {
      let passwords = try PasswordFile(file: authFile)
      result.isUser = { user, password in passwords.isRight(password, of: user) }
    }
    result.listen.family = flags.family.family
    result.listen.numericOnly = flags.family.numericOnly
    result.listen.reusePort = reusePort
    if let keepAlive = flags.keepalive?.value { result.listen.keepAlive = keepAlive }
    result.connect.family = flags.family.family
    result.connect.numericOnly = flags.family.numericOnly
    if let maxClients { result.mostClients = maxClients }
    return result
  }
}

/// Tells what becomes of a proxy's clients: in words on standard error, or as JSON on standard output.
private struct ProxyOutput: Sendable {
  let isJSON: Bool
  let isQuiet: Bool

  func listening(_ addresses: [SocketAddress]) {
    if !isQuiet { StandardError.say(.listening(addresses.map(\.text))) }
    guard isJSON else { return }
    var line = begin("listening")
    line.add("address", addresses.first?.text ?? "")
    line.add("addresses", addresses.map(\.text))
    StandardOutput.say(line.line)
  }

  func take(_ event: ProxyService.Event) {
    if isJSON { return StandardOutput.say(json(event)) }
    if case .cannotAccept(let failure) = event { return StandardError.say(failure) }
    if !isQuiet, let phrase = phrase(event) { StandardError.say(phrase.spoken) }
  }

  private func phrase(_ event: ProxyService.Event) -> Phrase? {
    switch event {
    case .opened(let client, let name, let destination):
      ProgramSentence.proxied(text(client), name, destination.map { "\($0)" }).phrase
    case .refused(let client, let destination, let reason):
      ProgramSentence.notProxied(text(client), "\(destination)", reason.phrase).phrase
    case .failed(let client, let destination, let failure):
      ProgramSentence.notProxied(text(client), "\(destination)", failure?.phrase ?? ProgramSentence.noSuchName.phrase)
        .phrase
    case .faulty(let client, let fault): ProgramSentence.proxyFault(text(client), fault).phrase
    case .turnedAway(let client): ProgramSentence.proxyIsFull(text(client)).phrase
    case .closed, .cannotAccept: nil
    }
  }

  private func json(_ event: ProxyService.Event) -> String {
    var line: JSONLine
    switch event {
    case .opened(let client, let name, let destination):
      line = begin("proxied", client)
      line.add("protocol", name)
      if let destination { line.add("target", "\(destination)") }
    case .refused(let client, let destination, let reason):
      line = begin("refused", client)
      line.add("target", "\(destination)")
      line.add("reason", reason.phrase.english)
    case .failed(let client, let destination, let failure):
      line = begin("failed", client)
      line.add("target", "\(destination)")
      line.add("reason", failure?.phrase.english ?? ProgramSentence.noSuchName.english)
    case .faulty(let client, let fault):
      line = begin("faulty", client)
      line.add("reason", fault.rawValue)
    case .turnedAway(let client): line = begin("turned-away", client)
    case .cannotAccept(let failure):
      line = begin("notice")
      line.add("text", failure.message)
    case .closed(let client): line = begin("closed", client)
    }
    return line.line
  }

  private func begin(_ event: String, _ client: SocketAddress?? = nil) -> JSONLine {
    var line = JSONLine(event: event)
    line.add("time", WallTime.now.iso8601)
    if let client { line.add("client", text(client)) }
    return line
  }

  private func text(_ client: SocketAddress?) -> String { client?.text ?? "unknown" }
}

extension SocketAddress {
  /// Whether only this machine gets there.
  fileprivate var isLoopback: Bool {
    guard let bytes = addressBytes else { return true }
    return bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
  }
}
