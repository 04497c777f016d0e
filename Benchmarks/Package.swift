// swift-tools-version: 6.2
import PackageDescription

// What measures: kept apart so that building Sockeye never builds it. Build with `swift build -c release`.

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "sockeye-benchmarks",
  dependencies: [
    .package(name: "sockeye", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
  ],
  targets: [
    .executableTarget(
      name: "Bridge",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SockeyeLink", package: "sockeye"),
        .product(name: "SockeyeSimulator", package: "sockeye"),
        .product(name: "SockeyeTCP", package: "sockeye"),
      ],
      swiftSettings: strict
    ),
    .target(name: "CAllocator"),
    .systemLibrary(name: "CSockeye"),
    .executableTarget(
      name: "EngineBenchmark",
      dependencies: [
        "CAllocator",
        .product(name: "SockeyeTCP", package: "sockeye"),
        .product(name: "SockeyeWire", package: "sockeye"),
      ],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "Simulate",
      dependencies: [
        "CSockeye",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SockeyeC", package: "sockeye"),
        .product(name: "SockeyeSimulator", package: "sockeye"),
        .product(name: "SockeyeTCP", package: "sockeye"),
        .product(name: "SockeyeWire", package: "sockeye"),
      ],
      swiftSettings: strict
    ),
  ]
)
