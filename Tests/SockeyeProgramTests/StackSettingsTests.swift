import SockeyeTCP
import Testing

@testable import sockeye

@Suite("Settings of our own TCP, as users write them")
struct StackSettingsTests {
  @Test("each key sets what it names, and the last one counts")
  func keys() throws {
    let text =
      "congestion=newreno,congestion=bbr,offload=no,pacing=no,ecn=yes,sack=no,timestamps=no,initial-window=20,"
      + "receive-buffer=32KiB,send-buffer=1MiB"
    let settings = try #require(StackSettings(argument: text))
    var connection = ConnectionConfiguration()
    settings.apply(to: &connection)
    #expect(!settings.hasOffload && connection.congestionControl == .bbr && !connection.pacing)
    #expect(connection.explicitCongestionNotification == .classic)
    #expect(!connection.selectiveAcknowledgment && !connection.timestamps && connection.initialCongestionWindow == 20)
    #expect(connection.maximumReceiveBuffer == 32_768 && connection.receiveBuffer == 32_768)
    #expect(connection.initialReceiveWindow == 32_768 && connection.sendBuffer == 1 << 20)
  }

  @Test("what is no key, or no value of it, is refused")
  func mistakes() {
    for text in [
      "", ",", "congestion", "congestion=", "congestion=vegas", "offload=maybe", "speed=1", "initial-window=0",
      "initial-window=1001", "receive-buffer=1", "send-buffer=2GiB", "pacing=yes,", "mtu=1500",
    ] {
      #expect(StackSettings(argument: text) == nil, "\(text)")
    }
  }

  @Test("a stack on a device takes them among its own")
  func stack() throws {
    let stack = try #require(StackArgument(argument: "tun:sock0=10.9.0.2/24,pacing=no,mtu=1400,congestion=bbr"))
    var connection = ConnectionConfiguration()
    stack.settings.apply(to: &connection)
    #expect(!connection.pacing && connection.congestionControl == .bbr && stack.maximumTransmissionUnit == 1_400)
  }
}
