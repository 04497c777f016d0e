// swift-tools-version: 6.3
import PackageDescription

// What embeds Sockeye, as a package of a stranger's would: one that is elsewhere names it by its URL,
//
//     .package(url: "https://example.org/sockeye.git", branch: "main", traits: [])
//
// and one that wants the conversations or the files leaves `traits` out. Without the trait nothing else is fetched.

let package = Package(
  name: "sockeye-examples",
  dependencies: [
    .package(name: "sockeye", path: "..", traits: [])
  ],
  targets: [
    .executableTarget(
      name: "TwoHosts",
      dependencies: [
        .product(name: "SockeyeHost", package: "sockeye"),
        .product(name: "SockeyeTCP", package: "sockeye"),
        .product(name: "SockeyeWire", package: "sockeye"),
      ],
      path: "TwoHosts"
    ),
    .executableTarget(
      name: "OwnController",
      dependencies: [
        .product(name: "SockeyeSimulator", package: "sockeye"),
        .product(name: "SockeyeTCP", package: "sockeye"),
      ],
      path: "OwnController"
    ),
    .executableTarget(
      name: "TunnelEcho",
      dependencies: [
        .product(name: "SockeyeHost", package: "sockeye"),
        .product(name: "SockeyeLink", package: "sockeye"),
        .product(name: "SockeyeWire", package: "sockeye"),
      ],
      path: "TunnelEcho"
    ),
    .executableTarget(
      name: "ParsePacket",
      dependencies: [.product(name: "SockeyeWire", package: "sockeye")],
      path: "ParsePacket"
    ),
  ]
)
