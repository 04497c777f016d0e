// swift-tools-version: 6.2
import PackageDescription

// The engine and the host as Embedded Swift, for machines without an operating system: the same sources, under the compiler mode
// that has no existentials, no reflection and no runtime to speak of. A package of its own, because unsafe flags would
// keep others from depending on the one that has them. `scripts/embedded` builds and runs it.

let embedded: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableExperimentalFeature("Embedded"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-wmo"]),
]

let package = Package(
  name: "sockeye-embedded",
  targets: [
    .target(name: "SockeyeWire", swiftSettings: embedded),
    .target(name: "SockeyeTCP", dependencies: ["SockeyeWire"], swiftSettings: embedded),
    .target(name: "SockeyeHost", dependencies: ["SockeyeTCP", "SockeyeWire"], swiftSettings: embedded),
    .target(name: "SockeyeSimulator", dependencies: ["SockeyeTCP", "SockeyeWire"], swiftSettings: embedded),
    .target(name: "CSmallMachine"),
    .executableTarget(
      name: "embedded-check",
      dependencies: ["SockeyeSimulator", "SockeyeTCP", "SockeyeWire"],
      swiftSettings: embedded,
      linkerSettings: [.linkedLibrary("m")]
    ),
    .executableTarget(
      name: "small-hosts",
      dependencies: ["CSmallMachine", "SockeyeHost", "SockeyeTCP", "SockeyeWire"],
      swiftSettings: embedded,
      linkerSettings: [.linkedLibrary("m")]
    ),
  ]
)
