// swift-tools-version: 6.2
import PackageDescription

// libsockeye: the C interface as a dynamic library. A package of its own over the same sources, because the library and the
// command line have one name. `scripts/library` builds it.

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "libsockeye",
  products: [
    .library(name: "sockeye", type: .dynamic, targets: ["SockeyeC"])
  ],
  targets: [
    .target(name: "SockeyeWire", swiftSettings: strict),
    .target(name: "SockeyeTCP", dependencies: ["SockeyeWire"], swiftSettings: strict),
    .target(name: "SockeyeHost", dependencies: ["SockeyeTCP", "SockeyeWire"], swiftSettings: strict),
    .target(
      name: "SockeyeC",
      dependencies: ["SockeyeHost", "SockeyeTCP", "SockeyeWire"],
      exclude: ["include"],
      swiftSettings: strict
    ),
  ]
)
