internal import CSockeyeLinux
internal import Glibc
internal import SockeyeWire

/// What the child's init has to do, in memory that it may read as it is: it can't allocate any.
struct ChildPlan: ~Copyable {
  private(set) var plan = sockeye_child_plan()
  private var allocations: [UnsafeMutableRawPointer] = []

  /// The index of the device inside: none that a system gives by itself to the first interfaces.
  private static let deviceIndex: UInt32 = 100

  /// - Parameters:
  ///   - configuration: the command and its network.
  ///   - socket: init's end of the socket.
  ///   - terminal: the controlling terminal, if there is one.
  ///   - group: the command's process group.
  ///   - groups: the first and the last group that there is inside.
  init(
    _ configuration: ChildConfiguration,
    socket: Int32,
    terminal: Int32?,
    group: sockeye_child_group,
    groups: ClosedRange<UInt32>
  ) {
    plan.socket = socket
    plan.terminal = terminal ?? -1
    plan.group = group
    plan.ignored_signals = configuration.ignoredSignals.bits
    if let network = configuration.network {
      plan.device = UnsafePointer(string(ChildNetwork.deviceName))
      plan.device_has_header = network.hasOffload ? 1 : 0
    }
    plan.device_index = Self.deviceIndex
    let requests = NetlinkRequests(configuration.network, over: Self.deviceIndex).bytes
    (plan.requests, plan.requests_count) = (UnsafeRawPointer(copy(requests)), requests.count)
    let optional = NetlinkRequests(optionalFor: configuration.network, over: Self.deviceIndex).bytes
    (plan.optional_requests, plan.optional_requests_count) = (UnsafeRawPointer(copy(optional)), optional.count)
    if let network = configuration.network, network.hasIPv6 {
      plan.awaited_address = UnsafeRawPointer(copy(NetlinkRequests.octets(.v6(network.addresses.child6))))
    }
    let covers = ChildFiles.covers(for: configuration.network, hostName: Self.hostName)
    (plan.files, plan.files_count) = (UnsafePointer(files(covers)), covers.count)
    let settings = ChildFiles.settings(groups: groups)
    (plan.settings, plan.settings_count) = (UnsafePointer(files(settings)), settings.count)
    var arguments: [UnsafeMutablePointer<CChar>?] = []
    for argument in configuration.arguments { arguments.append(string(argument)) }
    plan.arguments = UnsafePointer(place(arguments + [nil]))
  }

  deinit {
    for allocation in allocations { allocation.deallocate() }
  }

  /// Starts init. See `sockeye_child_start`.
  mutating func start() -> pid_t { sockeye_child_start(&plan) }

  private mutating func copy(_ bytes: [UInt8]) -> UnsafeMutableRawPointer {
    // Requests are read as structures, which are aligned.
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 16)
    room.copyBytes(from: bytes)
    let start = room.baseAddress.unsafelyUnwrapped
    allocations.append(start)
    return start
  }

  private mutating func string(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
    copy(bytes + [0]).bindMemory(to: CChar.self, capacity: bytes.count + 1)
  }

  private mutating func string(_ text: String) -> UnsafeMutablePointer<CChar> { string(Array(text.utf8)) }

  private mutating func place<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let start = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
    start.initialize(from: elements, count: elements.count)
    allocations.append(UnsafeMutableRawPointer(start))
    return start
  }

  private mutating func files(_ files: [ChildFile]) -> UnsafeMutablePointer<sockeye_child_file> {
    var entries: [sockeye_child_file] = []
    for file in files {
      let content = Array(file.content.utf8)
      let bytes = UnsafeRawPointer(copy(content))
      entries.append(sockeye_child_file(path: UnsafePointer(string(file.path)), bytes: bytes, count: content.count))
    }
    return place(entries)
  }

  private static var hostName: String {
    var name = [UInt8](repeating: 0, count: 256)
    let isThere = name.withUnsafeMutableBytes { room -> Bool in
      guard let start = room.baseAddress else { return false }
      return gethostname(start.assumingMemoryBound(to: CChar.self), room.count - 1) == 0
    }
    return isThere ? String(decoding: name.prefix { $0 != 0 }, as: UTF8.self) : ""
  }
}
