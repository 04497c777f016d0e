// swift-tools-version: 6.3
import PackageDescription

// NIO applications on Sockeye's own TCP, as a package of a stranger's would have them: one that is elsewhere names Sockeye by
// its URL. The trait that the channels take is on where `traits` isn't written.

let package = Package(
  name: "sockeye-application-examples",
  dependencies: [
    .package(name: "sockeye", path: "../.."),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    .executableTarget(
      name: "EchoOnTunnel",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "SockeyeHost", package: "sockeye"),
        .product(name: "SockeyeLink", package: "sockeye"),
        .product(name: "SockeyeNIO", package: "sockeye"),
        .product(name: "SockeyeWire", package: "sockeye"),
      ],
      path: "EchoOnTunnel"
    ),
    .target(
      name: "Web",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "SockeyeNIO", package: "sockeye"),
      ],
      path: "Web"
    ),
    .executableTarget(
      name: "WebOnTunnel",
      dependencies: [
        "Web",
        .product(name: "SockeyeHost", package: "sockeye"),
        .product(name: "SockeyeLink", package: "sockeye"),
        .product(name: "SockeyeNIO", package: "sockeye"),
        .product(name: "SockeyeWire", package: "sockeye"),
      ],
      path: "WebOnTunnel"
    ),
    .testTarget(
      name: "WebTests",
      dependencies: [
        "Web",
        .product(name: "SockeyeNIO", package: "sockeye"),
        .product(name: "SockeyeSimulatedNetwork", package: "sockeye"),
      ],
      path: "WebTests"
    ),
  ]
)
