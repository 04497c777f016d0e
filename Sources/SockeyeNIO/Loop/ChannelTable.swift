internal import SockeyeHost

/// The channels of a loop by their sockets, whose numbers are small: finding one takes no search.
struct ChannelTable {
  private var entries: [HostChannel?] = []

  /// The channel that has that socket.
  subscript(socket: Handle) -> HostChannel? {
    guard socket.number < entries.count, let channel = entries[socket.number], channel.socket == socket else {
      return nil
    }
    return channel
  }

  /// All channels, in the order in which they were made.
  var inOrder: [HostChannel] { entries.compactMap(\.self).sorted { $0.number < $1.number } }

  mutating func insert(_ channel: HostChannel, for socket: Handle) {
    while socket.number >= entries.count { entries.append(nil) }
    entries[socket.number] = channel
  }

  mutating func remove(_ socket: Handle) {
    guard socket.number < entries.count else { return }
    entries[socket.number] = nil
  }
}
