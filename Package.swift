// swift-tools-version:6.2
import PackageDescription

/// Where `Scripts/setup.sh` puts libwasmtime.so. Deployed binaries find it beside themselves.
let engineLibrary = Context.packageDirectory + "/Vendor/lib"

/// Where a program looks for it: there, or beside itself when it is built to be installed.
let engineRunPath =
    Context.environment["THEATER_RELOCATABLE"] == nil ? engineLibrary : "$ORIGIN/../lib/theater"

let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // The metadata of a specialised generic type is looked up at each use otherwise, which made a tenth of a
    // message.
    .unsafeFlags(["-Xfrontend", "-disable-generic-metadata-prespecialization"]),
]
let safe: [SwiftSetting] = settings + [.strictMemorySafety()]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let metricsTestKit = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "theater",
    products: [
        .executable(name: "theater", targets: ["theater"]),
        .executable(name: "theater-launch", targets: ["theater-launch"]),
        .library(name: "TheaterNode", targets: ["TheaterNode"]),
        .library(
            name: "TheaterCore",
            targets: [
                "TheaterPlatform", "TheaterValue", "TheaterPact", "TheaterStore",
                "TheaterCapability",
                "TheaterChain", "TheaterEngine", "TheaterReplay", "TheaterManifest",
                "TheaterHandler", "TheaterRuntime", "TheaterHandlers", "TheaterLaunch",
                "TheaterProcess", "TheaterFiles",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
    ],
    targets: [
        // Layer 0: the doors to the outside.
        .systemLibrary(name: "CWasmtime"),
        .target(name: "TheaterPlatform", swiftSettings: settings),
        // What starts programs: a small program of its own, and what it and the node say to each other.
        .target(name: "TheaterLaunch", swiftSettings: settings),
        .executableTarget(
            name: "theater-launch", dependencies: ["TheaterLaunch"], swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-static-stdlib"])]),
        .target(
            name: "TheaterProcess", dependencies: ["TheaterLaunch", "TheaterPlatform", crypto],
            swiftSettings: settings),
        .target(
            name: "TheaterFiles", dependencies: ["TheaterLaunch", "TheaterPlatform"],
            swiftSettings: settings),
        // Layer 1: values. Shared with the guest SDK, so neither Foundation nor dependencies.
        .target(name: "TheaterValue", swiftSettings: safe),
        .target(
            name: "TheaterCapability", dependencies: ["TheaterValue"], swiftSettings: safe),
        .target(
            name: "TheaterStore", dependencies: ["TheaterPlatform", crypto],
            swiftSettings: settings),
        // Layer 2: what a run is made of.
        .target(
            name: "TheaterPact", dependencies: ["TheaterValue", crypto], swiftSettings: safe),
        .target(
            name: "TheaterChain", dependencies: ["TheaterPlatform", crypto],
            swiftSettings: settings),
        .target(
            name: "TheaterEngine", dependencies: ["CWasmtime", "TheaterPlatform", crypto],
            swiftSettings: settings,
            linkerSettings: [
                .unsafeFlags([
                    "-L", engineLibrary, "-Xlinker", "-rpath", "-Xlinker", engineRunPath,
                ])
            ]),
        // Above what a run is made of: a run again.
        .target(
            name: "TheaterReplay",
            dependencies: [
                "TheaterPlatform", "TheaterValue", "TheaterPact", "TheaterChain", "TheaterEngine",
            ],
            swiftSettings: safe),
        .target(
            name: "TheaterManifest",
            dependencies: [
                "TheaterValue", .product(name: "TOMLKit", package: "TOMLKit"),
            ],
            swiftSettings: safe),
        // Layer 3: the contract of a handler; making actors.
        .target(
            name: "TheaterHandler",
            dependencies: [
                "TheaterPlatform", "TheaterValue", "TheaterCapability", "TheaterPact",
                "TheaterManifest", logging,
            ],
            swiftSettings: safe),
        .target(
            name: "TheaterBuild",
            dependencies: ["TheaterValue", "TheaterPact", "TheaterManifest", crypto],
            swiftSettings: settings,
            plugins: ["EmbedResources"]),
        .plugin(name: "EmbedResources", capability: .buildTool()),
        // Layer 4: actors and the handlers they are granted.
        .target(
            name: "TheaterRuntime",
            dependencies: [
                "TheaterPlatform", "TheaterValue", "TheaterPact", "TheaterChain", "TheaterEngine",
                "TheaterReplay", "TheaterManifest", "TheaterCapability", "TheaterHandler", logging,
                metrics,
            ],
            swiftSettings: safe),
        .target(
            name: "TheaterHandlers",
            dependencies: [
                "TheaterPlatform", "TheaterValue", "TheaterCapability", "TheaterPact",
                "TheaterManifest", "TheaterStore", "TheaterLaunch", "TheaterProcess",
                "TheaterFiles", "TheaterHandler", logging, crypto,
            ],
            swiftSettings: safe),
        // What is said between a node and its clients; the node's side and the clients'.
        .target(name: "TheaterAPI", dependencies: ["TheaterValue"], swiftSettings: safe),
        .target(
            name: "TheaterServer",
            dependencies: [
                "TheaterAPI", "TheaterPlatform", "TheaterValue", "TheaterPact", "TheaterChain",
                "TheaterManifest", "TheaterStore", "TheaterHandler", "TheaterRuntime", logging,
                crypto,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: safe,
            plugins: ["EmbedResources"]),
        .target(
            name: "TheaterClient",
            dependencies: [
                "TheaterAPI",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: safe),
        // What a node tells a collector.
        .target(
            name: "TheaterTelemetry",
            dependencies: [
                "TheaterAPI", "TheaterPlatform", "TheaterChain", "TheaterRuntime", logging,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: safe),
        // Layer 6: the composition root.
        .target(
            name: "TheaterNode",
            dependencies: [
                "TheaterPlatform", "TheaterValue", "TheaterPact", "TheaterChain", "TheaterEngine",
                "TheaterManifest", "TheaterCapability", "TheaterStore", "TheaterHandler",
                "TheaterHandlers", "TheaterProcess", "TheaterFiles", "TheaterReplay",
                "TheaterRuntime", "TheaterAPI", logging,
            ],
            swiftSettings: safe),
        // Layer 7: the command line.
        .target(
            name: "TheaterCLI",
            dependencies: [
                "TheaterPlatform", "TheaterValue", "TheaterPact", "TheaterChain", "TheaterEngine",
                "TheaterManifest", "TheaterCapability", "TheaterStore", "TheaterHandler",
                "TheaterHandlers", "TheaterProcess", "TheaterReplay", "TheaterRuntime",
                "TheaterNode", "TheaterBuild", "TheaterAPI", "TheaterServer", "TheaterClient",
                "TheaterTelemetry",
                logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "theater", dependencies: ["TheaterCLI"], swiftSettings: settings),
        // Tests.
        .target(
            name: "TheaterTesting", dependencies: ["TheaterPact", "TheaterValue"],
            swiftSettings: safe),
        // What of the guest SDK knows nothing of wasm, for the host's tests. Actors are built from the sources.
        .target(
            name: "GuestPlain", path: "Guest/Sources/TheaterGuest/Plain", swiftSettings: safe),
        .target(
            name: "TheaterSimulation",
            dependencies: [
                "TheaterPlatform", "TheaterValue", "TheaterPact", "TheaterChain", "TheaterEngine",
                "TheaterManifest", "TheaterHandler", "TheaterHandlers", "TheaterRuntime",
                "TheaterTesting", logging,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "JournalWriter", dependencies: ["TheaterChain", "TheaterPlatform"],
            path: "Tests/Helpers/JournalWriter", swiftSettings: settings),
        .executableTarget(
            name: "ProgramStarter", dependencies: ["TheaterProcess", "TheaterPlatform"],
            path: "Tests/Helpers/ProgramStarter", swiftSettings: settings),
        .executableTarget(
            name: "EffectWorker",
            dependencies: [
                "TheaterNode", "TheaterChain", "TheaterEngine", "TheaterHandler", "TheaterManifest",
                "TheaterPact", "TheaterPlatform", "TheaterRuntime", "TheaterTesting",
                "TheaterValue", logging,
            ],
            path: "Tests/Helpers/EffectWorker", exclude: ["check.py"], swiftSettings: settings),
        .executableTarget(
            name: "ResumeWorker",
            dependencies: [
                "TheaterNode", "TheaterChain", "TheaterEngine", "TheaterHandler", "TheaterManifest",
                "TheaterPlatform", "TheaterRuntime", "TheaterTesting", "TheaterValue", logging,
            ],
            path: "Tests/Helpers/ResumeWorker", swiftSettings: settings),
        .testTarget(
            name: "TheaterPlatformTests", dependencies: ["TheaterPlatform"],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterProcessTests",
            dependencies: [
                // Not `theater-launch` itself: it brings its way of linking along. It is a product, and so
                // it is built beside the tests.
                "TheaterProcess", "TheaterLaunch", "TheaterPlatform", "TheaterTesting",
                "ProgramStarter",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterFilesTests",
            dependencies: ["TheaterFiles", "TheaterPlatform", "TheaterTesting"],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterValueTests", dependencies: ["TheaterValue"], swiftSettings: settings),
        .testTarget(
            name: "TheaterPactTests", dependencies: ["TheaterPact", "TheaterValue"],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterChainTests",
            dependencies: ["TheaterChain", "TheaterPlatform", "JournalWriter"],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterManifestTests",
            dependencies: [
                "TheaterManifest", "TheaterValue", .product(name: "TOMLKit", package: "TOMLKit"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterEngineTests",
            dependencies: ["TheaterEngine", "TheaterPlatform", "TheaterTesting"],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterRuntimeTests",
            dependencies: [
                "TheaterPlatform", "TheaterValue", "TheaterCapability", "TheaterPact",
                "TheaterChain", "TheaterEngine",
                "TheaterManifest", "TheaterHandler", "TheaterHandlers", "TheaterProcess",
                "TheaterFiles", "TheaterReplay", "TheaterRuntime", "TheaterTesting", logging,
                metricsTestKit,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterStoreTests",
            dependencies: ["TheaterStore", "TheaterPlatform", "TheaterTesting"],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterCapabilityTests",
            dependencies: [
                "TheaterCapability", "TheaterHandler", "TheaterManifest", "TheaterPlatform",
                "TheaterTesting", "TheaterValue",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterHandlersTests",
            dependencies: [
                "TheaterHandlers", "TheaterHandler", "TheaterStore", "TheaterManifest",
                "TheaterCapability", "TheaterPact", "TheaterPlatform", "TheaterProcess",
                "TheaterFiles", "TheaterValue", "TheaterTesting", logging,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterReplayTests",
            dependencies: [
                "TheaterBuild", "TheaterChain", "TheaterEngine", "TheaterHandler",
                "TheaterHandlers", "TheaterManifest", "TheaterNode", "TheaterPact",
                "TheaterPlatform", "TheaterReplay", "TheaterRuntime", "TheaterStore",
                "TheaterTesting", "TheaterValue", logging,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterSimulationTests",
            dependencies: [
                "TheaterSimulation", "TheaterRuntime", "TheaterPlatform", "TheaterValue",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterBuildTests",
            dependencies: ["TheaterBuild", "TheaterPact", "TheaterValue"],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterGuestTests", dependencies: ["GuestPlain", "TheaterTesting"],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterNodeTests",
            dependencies: [
                "TheaterNode", "EffectWorker", "ResumeWorker", "TheaterHandler", "TheaterRuntime",
                "TheaterBuild",
                "TheaterChain",
                "TheaterCapability", "TheaterEngine", "TheaterManifest", "TheaterPact",
                "TheaterPlatform", "TheaterProcess", "TheaterReplay", "TheaterStore",
                "TheaterTesting", "TheaterValue", logging,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TheaterAPITests",
            dependencies: ["TheaterAPI", "TheaterTesting", "TheaterValue"], swiftSettings: settings),
        .testTarget(
            name: "TheaterCLITests",
            dependencies: [
                "TheaterCLI", "theater", "TheaterAPI", "TheaterClient", "TheaterBuild",
                "TheaterChain", "TheaterEngine",
                "TheaterManifest", "TheaterNode", "TheaterPact", "TheaterPlatform",
                "TheaterRuntime", "TheaterStore", "TheaterTesting", "TheaterValue", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
