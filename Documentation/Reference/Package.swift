// swift-tools-version: 6.3
import PackageDescription

// The reference documentation of the engine, the host and its links: a package of its own, so that building Sockeye
// never pays for the documentation's tools. `scripts/documentation` writes it as a website.

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "sockeye-reference",
  dependencies: [
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0")
  ],
  targets: [
    .target(name: "SockeyeWire", swiftSettings: strict),
    .target(name: "SockeyeTCP", dependencies: ["SockeyeWire"], swiftSettings: strict),
    .target(name: "CSockeyeLinux"),
    .target(name: "SockeyeHost", dependencies: ["SockeyeTCP", "SockeyeWire"], swiftSettings: strict),
    .target(
      name: "SockeyeLink",
      dependencies: ["CSockeyeLinux", "SockeyeHost", "SockeyeSimulator", "SockeyeTCP", "SockeyeWire"],
      swiftSettings: strict
    ),
    .target(name: "SockeyeSimulator", dependencies: ["SockeyeTCP", "SockeyeWire"], swiftSettings: strict),
  ]
)
