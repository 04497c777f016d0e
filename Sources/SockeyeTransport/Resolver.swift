import Glibc
public import NIOCore
import NIOPosix
import SockeyeText

/// Turns a host's name into addresses with the system's resolver.
///
/// RFC 8305, section 3, would ask for both families at once and go ahead with the first answer. The C library asks for
/// both at once too, and answers when it has both; in exchange the system's own configuration (`hosts`, `nsswitch`)
/// is obeyed.
public enum Resolver {
  /// What the addresses are for.
  public enum Purpose: Sendable {
    /// To be connected to: no host means this machine.
    case connecting
    /// To be listened on: no host means every address.
    case listening
  }

  /// Looks a host up on a thread where waiting is allowed.
  ///
  /// - Parameters:
  ///   - host: A name, or an address with an optional zone.
  ///   - port: The port that the addresses shall bear.
  ///   - family: Which families to look for.
  ///   - numericOnly: Whether to accept addresses alone, and ask no name server.
  ///   - purpose: What a missing host stands for.
  ///   - deadline: When to give up.
  ///   - eventLoop: Where the answer is delivered.
  /// - Returns: At least one address, in the order in which the system would try them (RFC 6724).
  /// - Throws: A failure of kind `network`, or `timedOut`.
  public static func resolve(
    host: String?,
    port: UInt16,
    family: AddressFamily = .any,
    numericOnly: Bool = false,
    for purpose: Purpose,
    before deadline: NIODeadline = .distantFuture,
    on eventLoop: any EventLoop
  ) async throws(Failure) -> [SocketAddress] {
    let answer = eventLoop.makePromise(of: [SocketAddress].self)
    let timeout = eventLoop.scheduleTask(deadline: deadline) {
      answer.fail(Failure(.timedOut, .lookUpTooSlow(name(of: host))))
    }
    NIOThreadPool.singleton.submit { state in
      guard case .active = state else {
        answer.fail(Failure(.other, .lookUpEnded))
        return
      }
      answer.completeWith(
        Result { () throws(Failure) in
          try lookUp(host: host, port: port, family: family, numericOnly: numericOnly, for: purpose)
        }.mapError { $0 }
      )
    }
    defer { timeout.cancel() }
    do {
      return try await answer.futureResult.get()
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.network, .lookUpFailed(name(of: host), "\(error)"))
    }
  }

  private static func lookUp(
    host: String?,
    port: UInt16,
    family: AddressFamily,
    numericOnly: Bool,
    for purpose: Purpose
  ) throws(Failure) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV
    if numericOnly { hints.ai_flags |= AI_NUMERICHOST }
    if case .listening = purpose { hints.ai_flags |= AI_PASSIVE }
    switch family {
    case .any: hints.ai_family = AF_UNSPEC
    case .v4: hints.ai_family = AF_INET
    case .v6: hints.ai_family = AF_INET6
    }

    let host = try host.map { host throws(Failure) in try InternationalName.ascii(host) }
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, String(port), &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard status == 0 else { throw failure(status, host: host, family: family, numericOnly: numericOnly) }

    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next {
      if let address = self.address(of: entry.pointee, host: host ?? ""), !addresses.contains(address) {
        addresses.append(address)
      }
      next = entry.pointee.ai_next
    }
    guard !addresses.isEmpty else {
      throw failure(EAI_NONAME, host: host, family: family, numericOnly: numericOnly)
    }
    return addresses
  }

  private static func address(of entry: addrinfo, host: String) -> SocketAddress? {
    guard let address = entry.ai_addr else { return nil }
    switch entry.ai_family {
    case AF_INET:
      return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee, host: host) }
    case AF_INET6:
      return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee, host: host) }
    default:
      return nil
    }
  }

  private static func failure(_ status: Int32, host: String?, family: AddressFamily, numericOnly: Bool) -> Failure {
    let name = name(of: host)
    if numericOnly, status == EAI_NONAME {
      return Failure(.network, .notLookedUp(name))
    }
    // glibc has these two, but only for those who define _GNU_SOURCE.
    let noAddressOfFamily: Int32 = -9
    let noData: Int32 = -5
    switch (status, family) {
    case (EAI_AGAIN, _):
      return Failure(.network, .noNameServer(name))
    case (EAI_NONAME, .any), (noData, .any):
      return Failure(.network, .noSuchHost(name))
    case (EAI_NONAME, .v4), (noData, .v4), (noAddressOfFamily, .v4):
      return Failure(.network, .noIPv4(name))
    case (EAI_NONAME, .v6), (noData, .v6), (noAddressOfFamily, .v6):
      return Failure(.network, .noIPv6(name))
    default:
      return Failure(.network, .cannotResolve(name, String(cString: gai_strerror(status))))
    }
  }

  private static func name(of host: String?) -> Phrase {
    host.map(Phrase.literal) ?? Phrase("this machine", zh: "本机")
  }
}
