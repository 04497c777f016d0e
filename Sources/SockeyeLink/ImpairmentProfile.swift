/// A known network, by its name in an ``ImpairmentSpecification``: `profile=3g`.
public enum ImpairmentProfile: String, CaseIterable, Sendable {
  /// A telephone line.
  case dial
  /// A mobile network of the second generation, with EDGE.
  case edge
  /// A mobile network of the third generation.
  case umts = "3g"
  /// One that is slow, as at a cell's edge.
  case slowUMTS = "slow-3g"
  /// A mobile network of the fourth generation, as phones meet it.
  case fourthGeneration = "4g"
  /// A good one.
  case lte
  /// A line of copper.
  case dsl
  /// A cable network.
  case cable
  /// Fibre to the home.
  case fibre
  /// A satellite in geostationary orbit.
  case satellite
  /// A wireless network at the end of its reach.
  case badWiFi = "bad-wifi"

  /// Where the figures are from.
  public var source: String {
    switch self {
    case .dial, .edge, .umts, .slowUMTS, .fourthGeneration, .lte, .dsl, .cable, .fibre:
      "WebPageTest's connectivity profiles (its connectivity.ini); queues of 200 ms are ours"
    case .satellite: "RFC 2488, section 2, for the delay of two hops of 279 ms at the most; rates and loss are ours"
    case .badWiFi: "ours: losses in bursts of four packets, with a delay that varies"
    }
  }

  /// The profile in the keys that it stands for.
  public var text: String {
    switch self {
    case .dial: "delay=60ms,down:rate=49kbps,up:rate=30kbps,down:queue=3000B,up:queue=3000B"
    case .edge: "delay=420ms,down:rate=240kbps,up:rate=200kbps,down:queue=6000B,up:queue=5000B"
    case .umts: "delay=150ms,down:rate=1600kbps,up:rate=768kbps,down:queue=40kB,up:queue=19200B"
    case .slowUMTS: "delay=200ms,rate=400kbps,queue=10kB"
    case .fourthGeneration: "delay=85ms,rate=9Mbps,queue=225kB"
    case .lte: "delay=35ms,rate=12Mbps,queue=300kB"
    case .dsl: "delay=25ms,down:rate=1500kbps,up:rate=384kbps,down:queue=37500B,up:queue=9600B"
    case .cable: "delay=14ms,down:rate=5Mbps,up:rate=1Mbps,down:queue=125kB,up:queue=25kB"
    case .fibre: "delay=2ms,down:rate=20Mbps,up:rate=5Mbps,down:queue=500kB,up:queue=125kB"
    case .satellite: "delay=279ms,down:rate=20Mbps,up:rate=2Mbps,down:queue=1MB,up:queue=100kB,loss=0.1%"
    case .badWiFi: "delay=3ms,jitter=30ms,distribution=pareto,rate=10Mbps,queue=125kB,burst=1.5%/25%"
    }
  }

  /// The network itself.
  var specification: ImpairmentSpecification {
    // A test reads every profile's text: what can't be read would be a perfect network.
    (try? ImpairmentSpecification(text)) ?? ImpairmentSpecification()
  }
}
