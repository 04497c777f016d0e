internal import SockeyeHost
internal import SockeyeTCP
import SockeyeText
internal import SockeyeWire

extension Scenario {
  /// What takes whole hosts: listeners with their queues, and datagrams.
  static let hosts: [Scenario] = [
    Scenario(
      "syn-flood",
      Phrase(
        "Invented clients fill a server's queue, and a real one still gets through",
        zh: "SYN 洪水：伪造的客户端占满队列，真正的客户端仍能连上"
      ),
      Phrase(
        "Each SYN from an invented address costs the server a place in its queue, and nobody ever answers. When the queue is full, the server keeps nothing: what it would have to remember of a SYN lies in the sequence number of its answer, a cookie (RFC 4987, section 3.6). So the last client finds a server that is still in LISTEN after its SYN,ACK, and becomes ESTABLISHED by the ACK that brings the cookie back.",
        zh:
          "每个来自伪造地址的 SYN 都占用服务器队列中的一个位置，却永远没有人回答。队列满了之后，服务器什么也不保存：本该记住的内容放在回答的序号里，这就是 SYN cookie（RFC 4987 第 3.6 节）。因此最后那个真正的客户端遇到的服务器在发出 SYN,ACK 后仍处于 LISTEN，直到 ACK 带回 cookie 才直接进入 ESTABLISHED。"
      ),
      delay: .milliseconds(1),
      hosts: flood
    ),
    Scenario(
      "udp",
      Phrase("Datagrams: no handshake, no states, no second try", zh: "UDP 数据报：没有握手，没有状态，也不会重试"),
      Phrase(
        "The first question is answered at once: no connection comes before it. The second is lost, and nobody notices but the program, which asks again after a second because no answer came. The last goes to a port that nobody has, and all that comes back is ICMP's port unreachable (RFC 1122, section 4.1.3.1).",
        zh:
          "第一个问题立即得到回答：之前不需要建立连接。第二个丢失了，除了程序没有人注意到，程序一秒后没等到回答才再问一次。最后一个发往没有人使用的端口，回来的只有 ICMP 端口不可达（RFC 1122 第 4.1.3.1 节）。"
      ),
      delay: .milliseconds(10),
      hosts: ask
    ),
  ]

  @Sendable private static func flood(_ network: inout HostNetwork) throws {
    let listener = network.server.makeSocket(.stream, .v4)
    try network.server.bind(listener, to: nil, port: 80)
    // The queue of unfinished handshakes has room for as many as the backlog says, and for sixteen at least.
    try network.server.listen(listener, backlog: 16)
    for index in UInt8(1)...18 {
      var syn = TCPHeader(
        sourcePort: 1_024 + UInt16(index),
        destinationPort: 80,
        sequenceNumber: UInt32(index) &* 0x9E37_79B9,
        flags: .syn,
        window: 65_535
      )
      syn.options.maximumSegmentSize = 1_460
      network.forge(syn, from: .v4(IPv4Address(203, 0, 113, index)))
      network.run(until: network.now + .milliseconds(5))
    }
    let client = network.client.makeSocket(.stream, .v4)
    _ = try network.client.connect(client, to: Endpoint(HostNetwork.serverAddress, port: 80))
    network.run(until: network.now + .milliseconds(20))
    let words = [UInt8](repeating: 0x61, count: 100)
    _ = try network.client.write(words.span.bytes, to: client)
    network.run(until: network.now + .milliseconds(200))
  }

  @Sendable private static func ask(_ network: inout HostNetwork) throws {
    let server = network.server.makeSocket(.datagram, .v4)
    try network.server.bind(server, to: nil, port: 53)
    let client = network.client.makeSocket(.datagram, .v4)
    network.lost = [3]
    for pause in [Interval.milliseconds(100), .seconds(1), .milliseconds(100)] {
      try send(40, from: client, to: 53, &network)
      network.run(until: network.now + .milliseconds(15))
      try answer(server, &network)
      network.run(until: network.now + pause)
    }
    try send(40, from: client, to: 54, &network)
    network.run(until: network.now + .milliseconds(100))
  }

  private static func send(_ count: Int, from socket: Handle, to port: UInt16, _ network: inout HostNetwork) throws {
    let bytes = [UInt8](repeating: 0x3F, count: count)
    try network.client.send(bytes.span.bytes, to: Endpoint(HostNetwork.serverAddress, port: port), from: socket)
  }

  /// Answers the question that has come, if one has.
  private static func answer(_ socket: Handle, _ network: inout HostNetwork) throws {
    var question = [UInt8](repeating: 0, count: 512)
    let received = try? question.withUnsafeMutableBytes { buffer in
      var room = buffer.mutableBytes
      return try network.server.receiveDatagram(into: &room, from: socket)
    }
    guard let received else { return }
    let answer = [UInt8](repeating: 0x21, count: 120)
    try network.server.send(answer.span.bytes, to: received.source, from: socket)
  }
}
