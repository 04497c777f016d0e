// swift-tools-version: 6.3
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library of somebody else's. Who depends on the engine alone turns the trait off, and fetches none of them.
func library(_ name: String, _ package: String) -> Target.Dependency {
  .product(name: name, package: package, condition: .when(traits: ["Applications"]))
}

let package = Package(
  name: "sockeye",
  products: [
    .executable(name: "sockeye", targets: ["sockeye"]),
    .library(name: "SockeyeConsole", targets: ["SockeyeConsole"]),
    .library(name: "SockeyeDownload", targets: ["SockeyeDownload"]),
    .library(name: "SockeyeGateway", targets: ["SockeyeGateway"]),
    .library(name: "SockeyeService", targets: ["SockeyeService"]),
    .library(name: "SockeyeTalk", targets: ["SockeyeTalk"]),
    .library(name: "SockeyeTransport", targets: ["SockeyeTransport"]),
    .library(name: "SockeyeWire", targets: ["SockeyeWire"]),
    .library(name: "SockeyeTCP", targets: ["SockeyeTCP"]),
    .library(name: "SockeyeC", targets: ["SockeyeC"]),
    .library(name: "SockeyeHost", targets: ["SockeyeHost"]),
    .library(name: "SockeyeLink", targets: ["SockeyeLink"]),
    .library(name: "SockeyeNIO", targets: ["SockeyeNIO"]),
    .library(name: "SockeyeSimulatedNetwork", targets: ["SockeyeSimulatedNetwork"]),
    .library(name: "SockeyeSight", targets: ["SockeyeSight"]),
    .library(name: "SockeyeSimulator", targets: ["SockeyeSimulator"]),
  ],
  traits: [
    .trait(
      name: "Applications",
      description: "The program, and the libraries for conversations and files behind it, over swift-nio."
    ),
    .default(enabledTraits: ["Applications"]),
  ],
  dependencies: [
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
  ],
  targets: [
    .target(name: "CSockeyeLinux"),
    .target(name: "CSockeyeConfinement"),
    .target(name: "CSockeyeDigests"),
    .target(name: "CSockeyeGzip"),
    .target(name: "SockeyeText", dependencies: ["CSockeyeDigests", "CSockeyeLinux"], swiftSettings: strict),
    .target(
      name: "SockeyeService",
      dependencies: [
        "CSockeyeConfinement",
        "CSockeyeGzip",
        "CSockeyeLinux",
        "SockeyeText",
        "SockeyeTransport",
        library("Crypto", "swift-crypto"),
        library("NIOCore", "swift-nio"),
        library("NIOHTTP1", "swift-nio"),
        library("NIOSSL", "swift-nio-ssl"),
        library("SwiftASN1", "swift-asn1"),
        library("X509", "swift-certificates"),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "SockeyeDownload",
      dependencies: [
        "CSockeyeLinux",
        "SockeyeText",
        "SockeyeTransport",
        library("NIOCore", "swift-nio"),
        library("NIOHTTP1", "swift-nio"),
        library("NIOSSL", "swift-nio-ssl"),
        library("NIOTLS", "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "SockeyeTransport",
      dependencies: [
        "CSockeyeLinux",
        "SockeyeNIO",
        "SockeyeTCP",
        "SockeyeText",
        library("NIOCore", "swift-nio"),
        library("NIOPosix", "swift-nio"),
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
    .target(
      name: "SockeyeNIO",
      dependencies: [
        "SockeyeHost",
        "SockeyeLink",
        "SockeyeTCP",
        "SockeyeWire",
        library("DequeModule", "swift-collections"),
        library("HeapModule", "swift-collections"),
        library("NIOCore", "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "SockeyeGateway",
      dependencies: [
        "CSockeyeLinux",
        "SockeyeHost",
        "SockeyeLink",
        "SockeyeNIO",
        "SockeyeSimulator",
        "SockeyeTCP",
        "SockeyeText",
        "SockeyeTransport",
        "SockeyeWire",
        library("DequeModule", "swift-collections"),
        library("NIOCore", "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .target(name: "SockeyeSimulator", dependencies: ["SockeyeTCP", "SockeyeWire"], swiftSettings: strict),
    .target(
      name: "SockeyeSimulatedNetwork",
      dependencies: [
        "SockeyeHost",
        "SockeyeNIO",
        "SockeyeSimulator",
        "SockeyeTCP",
        "SockeyeWire",
        library("NIOConcurrencyHelpers", "swift-nio"),
        library("NIOCore", "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "SockeyeSight",
      dependencies: ["SockeyeHost", "SockeyeSimulator", "SockeyeTCP", "SockeyeText", "SockeyeWire"],
      swiftSettings: strict
    ),
    .target(
      name: "SockeyeTalk",
      dependencies: [
        "SockeyeText",
        "SockeyeTransport",
        "SockeyeWire",
        library("Crypto", "swift-crypto"),
        library("DequeModule", "swift-collections"),
        library("NIOCore", "swift-nio"),
        library("NIOSSL", "swift-nio-ssl"),
        library("NIOTLS", "swift-nio"),
        library("SwiftASN1", "swift-asn1"),
        library("X509", "swift-certificates"),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "SockeyeConsole",
      dependencies: [
        "SockeyeTalk",
        "SockeyeText",
        "SockeyeTransport",
        library("DequeModule", "swift-collections"),
        library("NIOCore", "swift-nio"),
        library("NIOHTTP1", "swift-nio"),
        library("NIOWebSocket", "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "sockeye",
      dependencies: [
        "SockeyeConsole",
        "SockeyeDownload",
        "SockeyeGateway",
        "SockeyeHost",
        "SockeyeLink",
        "SockeyeNIO",
        "SockeyeService",
        "SockeyeSight",
        "SockeyeSimulator",
        "SockeyeTCP",
        "SockeyeTalk",
        "SockeyeText",
        "SockeyeTransport",
        "SockeyeWire",
        library("ArgumentParser", "swift-argument-parser"),
        library("Crypto", "swift-crypto"),
        library("Histogram", "hdrhistogram-swift"),
        library("NIOCore", "swift-nio"),
        library("NIOHTTP1", "swift-nio"),
        library("NIOSSL", "swift-nio-ssl"),
      ],
      swiftSettings: strict
    ),
    .testTarget(name: "SockeyeCTests", dependencies: ["SockeyeC"], swiftSettings: strict),
    .testTarget(
      name: "SockeyeConsoleTests",
      dependencies: [
        "SockeyeConsole",
        "SockeyeTalk",
        "SockeyeText",
        "SockeyeTransport",
        library("NIOCore", "swift-nio"),
        library("NIOEmbedded", "swift-nio"),
        library("NIOHTTP1", "swift-nio"),
        library("NIOWebSocket", "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeDownloadTests",
      dependencies: [
        "SockeyeDownload",
        "SockeyeSimulator",
        "SockeyeText",
        "SockeyeTransport",
        library("NIOCore", "swift-nio"),
        library("NIOEmbedded", "swift-nio"),
        library("NIOHTTP1", "swift-nio"),
        library("NIOSSL", "swift-nio-ssl"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeHostTests",
      dependencies: ["SockeyeHost", "SockeyeSimulator", "SockeyeTCP", "SockeyeWire"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeLinkTests",
      dependencies: ["CSockeyeLinux", "SockeyeHost", "SockeyeLink", "SockeyeSimulator", "SockeyeTCP", "SockeyeWire"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeNIOTests",
      dependencies: [
        "SockeyeHost",
        "SockeyeLink",
        "SockeyeNIO",
        "SockeyeSimulatedNetwork",
        "SockeyeSimulator",
        "SockeyeTCP",
        "SockeyeWire",
        library("NIOConcurrencyHelpers", "swift-nio"),
        library("NIOCore", "swift-nio"),
        library("NIOEmbedded", "swift-nio"),
        library("NIOHTTP1", "swift-nio"),
        library("NIOSSL", "swift-nio-ssl"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeGatewayTests",
      dependencies: [
        "SockeyeGateway",
        "SockeyeHost",
        "SockeyeLink",
        "SockeyeNIO",
        "SockeyeSimulatedNetwork",
        "SockeyeSimulator",
        "SockeyeTCP",
        "SockeyeTransport",
        "SockeyeWire",
        library("NIOConcurrencyHelpers", "swift-nio"),
        library("NIOCore", "swift-nio"),
        library("NIOEmbedded", "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeProgramTests",
      dependencies: ["sockeye", "SockeyeConsole", "SockeyeText", library("ArgumentParser", "swift-argument-parser")],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeServiceTests",
      dependencies: [
        "SockeyeService",
        "SockeyeText",
        "SockeyeTransport",
        library("Crypto", "swift-crypto"),
        library("NIOCore", "swift-nio"),
        library("NIOEmbedded", "swift-nio"),
        library("NIOHTTP1", "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeSightTests",
      dependencies: ["SockeyeSight", "SockeyeSimulator", "SockeyeTCP", "SockeyeText", "SockeyeWire"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeSimulatedNetworkTests",
      dependencies: [
        "SockeyeDownload",
        "SockeyeService",
        "SockeyeSimulatedNetwork",
        "SockeyeSimulator",
        "SockeyeTCP",
        "SockeyeTransport",
        library("NIOCore", "swift-nio"),
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
      dependencies: ["SockeyeSimulator", "SockeyeTCP", "SockeyeWire"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeTalkTests",
      dependencies: [
        "SockeyeTalk",
        "SockeyeText",
        "SockeyeTransport",
        library("NIOCore", "swift-nio"),
        library("NIOEmbedded", "swift-nio"),
        library("NIOSSL", "swift-nio-ssl"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeTextTests",
      dependencies: ["CSockeyeDigests", "SockeyeSimulator", "SockeyeText", library("Crypto", "swift-crypto")],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SockeyeTransportTests",
      dependencies: [
        "SockeyeTCP",
        "SockeyeTransport",
        library("NIOEmbedded", "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .testTarget(name: "SockeyeWireTests", dependencies: ["SockeyeSimulator", "SockeyeWire"], swiftSettings: strict),
  ]
)
