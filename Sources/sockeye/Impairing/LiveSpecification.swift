import SockeyeGateway
import SockeyeLink
import SockeyeTransport
import Synchronization

/// A network whose impairments can change while it is in use.
protocol ImpairedNetwork: AnyObject, Sendable {
  /// What happens to packets from now on.
  var specification: ImpairmentSpecification { get set }
  /// What has happened to packets so far.
  var counters: PathCounters { get }
  /// Ends it.
  func end() async
}

extension ImpairedPath: ImpairedNetwork {
  func end() async { await shutDown() }
}

/// What a network does at present, and whoever changes it: a timetable, and clients of the control socket.
final class LiveSpecification: Sendable {
  private let network: any ImpairedNetwork
  private let current: Mutex<PathSpecification>

  init(_ specification: PathSpecification, of network: any ImpairedNetwork) {
    self.network = network
    current = Mutex(specification)
  }

  /// Changes what a text names, and leaves the rest as it is.
  func change(by text: String) throws(Failure) {
    let result = current.withLock { current in
      Result { () throws(Failure) in
        try current.change(byLiveText: text)
        network.specification = current.impairments
      }
    }
    try result.get()
  }

  var counters: PathCounters { network.counters }
}
