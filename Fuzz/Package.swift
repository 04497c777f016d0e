// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets over the library's own sources. A package of its own, because a fuzzer needs unsafe flags, which would
// keep others from depending on the package that has them. `scripts/fuzz` builds and runs one.

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// An executable whose `main` is the fuzzer's.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name,
    dependencies: dependencies,
    swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]
  )
}

let package = Package(
  name: "sockeye-fuzz",
  dependencies: [
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
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
    .target(name: "SockeyeSimulator", dependencies: ["SockeyeTCP", "SockeyeWire"], swiftSettings: strict),
    .target(name: "CSockeyeDigests"),
    .target(name: "CSockeyeLinux"),
    .target(name: "SockeyeText", dependencies: ["CSockeyeDigests", "CSockeyeLinux"], swiftSettings: strict),
    .target(
      name: "SockeyeSight",
      dependencies: ["SockeyeHost", "SockeyeSimulator", "SockeyeTCP", "SockeyeText", "SockeyeWire"],
      swiftSettings: strict
    ),
    .target(
      name: "SockeyeLink",
      dependencies: ["CSockeyeLinux", "SockeyeHost", "SockeyeSimulator", "SockeyeTCP", "SockeyeWire"],
      swiftSettings: strict
    ),
    .target(
      name: "SockeyeNIO",
      dependencies: [
        "SockeyeHost",
        "SockeyeLink",
        "SockeyeTCP",
        "SockeyeWire",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "HeapModule", package: "swift-collections"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .target(name: "CHeap"),
    fuzzer("fuzz-address", ["SockeyeWire"]),
    fuzzer("fuzz-capture", ["SockeyeSight", "SockeyeText"]),
    fuzzer(
      "fuzz-channel",
      ["SockeyeHost", "SockeyeNIO", "SockeyeTCP", "SockeyeWire", .product(name: "NIOCore", package: "swift-nio")]
    ),
    fuzzer("fuzz-engine", ["SockeyeTCP", "SockeyeWire"]),
    fuzzer("fuzz-host", ["CHeap", "SockeyeC", "SockeyeWire"]),
    fuzzer("fuzz-icmp", ["SockeyeWire"]),
    fuzzer("fuzz-ip", ["SockeyeWire"]),
    fuzzer("fuzz-pcapng", ["SockeyeWire"]),
    fuzzer("fuzz-tcp", ["SockeyeWire"]),
  ]
)
