// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "sockeye",
  products: [
    .executable(name: "sockeye", targets: ["sockeye"]),
    .library(name: "SockeyeDownload", targets: ["SockeyeDownload"]),
    .library(name: "SockeyeService", targets: ["SockeyeService"]),
    .library(name: "SockeyeTalk", targets: ["SockeyeTalk"]),
    .library(name: "SockeyeTransport", targets: ["SockeyeTransport"]),
    .library(name: "SockeyeWire", targets: ["SockeyeWire"]),
    .library(name: "SockeyeTCP", targets: ["SockeyeTCP"]),
    .library(name: "SockeyeC", targets: ["SockeyeC"]),
    .library(name: "SockeyeHost", targets: ["SockeyeHost"]),
    .library(name: "SockeyeLink", targets: ["SockeyeLink"]),
    .library(name: "SockeyeSimulator", targets: ["SockeyeSimulator"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
  ],
  targets: [
    .target(name: "CSockeyeLinux"),
    .target(name: "CSockeyeDigests"),
    .target(name: "SockeyeText", dependencies: ["CSockeyeDigests"], swiftSettings: strict),
    .target(
      name: "SockeyeService",
      dependencies: [
        "CSockeyeLinux",
        "SockeyeText",
        "SockeyeTransport",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "SockeyeDownload",
      dependencies: [
        "CSockeyeLinux",
        "SockeyeText",
        "SockeyeTransport",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "SockeyeTransport",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .target(name: "SockeyeWire", swiftSettings: strict),
    .target(name: "SockeyeTCP", dependencies: ["SockeyeWire"], swiftSettings: strict),
    .target(name: "SockeyeHost", dependencies: ["SockeyeTCP", "SockeyeWire"], swiftSettings: strict),
    .target(
      name: "SockeyeC",
      dependencies: ["SockeyeHost", "SockeyeTCP", "SockeyeWire"],
      exclude: ["include"],
      swiftSettings: strict
    ),
    .target(
      name: "SockeyeLink",
      dependencies: ["CSockeyeLinux", "SockeyeHost", "SockeyeSimulator", "SockeyeTCP", "SockeyeWire"],
      swiftSettings: strict
    ),
    .target(name: "SockeyeSimulator", dependencies: ["SockeyeTCP", "SockeyeWire"], swiftSettings: strict),
    .target(
      name: "SockeyeTalk",
      dependencies: [
        "SockeyeText",
        "SockeyeTransport",
        "SockeyeWire",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "sockeye",
      dependencies: [
        "SockeyeDownload",
        "SockeyeHost",
        "SockeyeLink",
        "SockeyeService",
        "SockeyeTCP",
        "SockeyeTalk",
        "SockeyeText",
        "SockeyeTransport",
        "SockeyeWire",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict
    ),
    .testTarget(name: "SockeyeCTests", dependencies: ["SockeyeC"], swiftSettings: strict),
    .testTarget(
      name: "SockeyeDownloadTests",
      dependencies: [
        "SockeyeDownload",
        "SockeyeText",
        "SockeyeTransport",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeHostTests",
      dependencies: ["SockeyeHost", "SockeyeTCP", "SockeyeWire"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeLinkTests",
      dependencies: ["CSockeyeLinux", "SockeyeHost", "SockeyeLink", "SockeyeTCP", "SockeyeWire"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeServiceTests",
      dependencies: [
        "SockeyeService",
        "SockeyeTransport",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeSimulatorTests",
      dependencies: ["SockeyeSimulator", "SockeyeTCP", "SockeyeWire"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeTCPTests",
      dependencies: ["SockeyeTCP", "SockeyeWire"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeTalkTests",
      dependencies: [
        "SockeyeTalk",
        "SockeyeText",
        "SockeyeTransport",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeTextTests",
      dependencies: ["CSockeyeDigests", "SockeyeText", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeTransportTests",
      dependencies: [
        "SockeyeTransport",
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .testTarget(name: "SockeyeWireTests", dependencies: ["SockeyeWire"], swiftSettings: strict),
  ]
)
