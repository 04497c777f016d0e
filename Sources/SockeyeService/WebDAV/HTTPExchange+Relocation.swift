import NIOCore
import NIOHTTP1
import SockeyeTransport

/// Files and folders that clients copy and move, within the directory alone: RFC 4918, sections 9.8 and 9.9.
extension HTTPExchange {
  func relocate(_ request: Request, isCopy: Bool) {
    guard let target = target(of: request), let area = shared.uploads else { return }
    let source = target.path
    guard target.query.isEmpty, !source.bytes.isEmpty, !source.isHidden else {
      return respond(.forbidden, to: request)
    }
    let headers = request.head.headers
    let depth = headers.first(name: "Depth")?.lowercased() ?? "infinity"
    let overwrite = headers.first(name: "Overwrite")?.uppercased() ?? "T"
    guard depth == "infinity" || (isCopy && depth == "0"), overwrite == "T" || overwrite == "F" else {
      return respond(.badRequest, to: request)
    }
    let destination: ResourcePath
    switch self.destination(of: request) {
    case .success(let path): destination = path
    case .failure(let refusal): return respond(refusal.status, to: request)
    }
    // Neither can hold the other: what is to come would be gone, or never end.
    guard destination.below(source) == nil, source.below(destination) == nil else {
      return respond(.forbidden, to: request)
    }
    let rules = request.rules
    guard rules.grant(isCopy ? .read : [.read, .delete], throughout: source), rules.grant(.add, throughout: destination)
    else { return respond(.forbidden, to: request) }
    // Nobody takes anything away who has not been given the right to.
    guard isCopy || shared.authority != nil else { return respond(.forbidden, to: request) }
    let refusals = [
      isCopy ? nil : refusalByLocks(of: source, isTree: true, request),
      refusalByLocks(of: destination, isTree: true, request),
    ]
    if let refusal = refusals.compactMap({ $0 }).first { return respond(refusal, to: request) }

    let mayReplace = overwrite == "T" && shared.configuration.uploads?.existing == .overwrite
    let mayRemove = shared.authority != nil && rules.grant(.delete, throughout: destination)
    let relocation = Relocation(
      source: source,
      destination: destination,
      isCopy: isCopy,
      isDeep: depth == "infinity",
      replacingFile: !mayReplace
        ? .preconditionFailed : rules.rights(for: destination).contains(.change) ? nil : .forbidden,
      replacingFolder: !mayReplace ? .preconditionFailed : mayRemove ? nil : .forbidden,
      rules: rules,
      unique: worker.boundary()
    )
    guard area.claim(destination) else { return respond(.locked, to: request) }
    changeTree(request) { [directory = shared.directory] in
      relocation.run(in: directory, area: area)
    } then: { exchange, outcome in
      area.release(destination)
      guard case .done(let replaced) = outcome else { return }
      if !isCopy { exchange.shared.locks?.removeAll(beneath: source) }
      exchange.respondEmpty(replaced ? .noContent : .created, to: request)
    }
  }

  /// Does something that may take long, one request after the other, and answers what came of it if that was nothing.
  func changeTree(
    _ request: Request,
    _ work: @escaping @Sendable () -> Relocation.Outcome,
    then body: @escaping (HTTPExchange, Relocation.Outcome) -> Void
  ) {
    hold()
    shared.treeThread.run(on: worker.eventLoop, work).assumeIsolated().whenComplete { [self] result in
      let outcome = (try? result.get()) ?? .refused(.serviceUnavailable)
      body(self, outcome)
      if case .refused(let status, let reason) = outcome { respond(status, to: request, because: reason?.sentence) }
    }
  }

  struct BadDestination: Error { let status: HTTPStatus }

  /// Section 10.3.
  private func destination(of request: Request) -> Result<ResourcePath, BadDestination> {
    guard let field = request.head.headers.first(name: "Destination") else {
      return .failure(BadDestination(status: .badRequest))
    }
    if let scheme = field.firstRange(of: "://") {
      let authority = field[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
      // Another server's files are not this one's to write.
      guard let host = request.fields.host, HostField.isSame(authority, host[...]) else {
        return .failure(BadDestination(status: .badGateway))
      }
    }
    guard case .inside(let target) = locate(field) else {
      return .failure(BadDestination(status: (try? RequestTarget(field)) == nil ? .badRequest : .forbidden))
    }
    let path = target.path
    guard !path.bytes.isEmpty, !path.isHidden else { return .failure(BadDestination(status: .forbidden)) }
    guard target.query.isEmpty, path.name.count <= Upload.longestName, Upload.isFitForAll(path.name) else {
      return .failure(BadDestination(status: .badRequest))
    }
    return .success(path)
  }
}

extension Relocation.Reason {
  var sentence: ServiceSentence {
    switch self {
    case .somethingIsThere: .somethingIsThere
    case .folderAboveIsMissing: .folderAboveIsMissing
    case .hiddenThingsInFolder: .hiddenThingsInFolder
    case .treeIsTooLarge: .treeIsTooLarge
    }
  }
}
