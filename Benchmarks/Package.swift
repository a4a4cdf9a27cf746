// swift-tools-version:6.2
import PackageDescription

/// Where `Scripts/setup.sh` puts libwasmtime.so; the runtime's own targets link it from there too.
let engineLibrary = Context.packageDirectory + "/../Vendor/lib"
/// The hand-written header of the library, which the C peer shares with the runtime.
let engineHeader = Context.packageDirectory + "/../Sources/CWasmtime"

let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(name: "theater", path: ".."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .target(
            name: "CPeer",
            cSettings: [.unsafeFlags(["-I", engineHeader, "-O2", "-Wall", "-Wextra"])],
            linkerSettings: [
                .linkedLibrary("wasmtime"),
                .unsafeFlags([
                    "-L", engineLibrary, "-Xlinker", "-rpath", "-Xlinker", engineLibrary,
                ]),
            ]),
        .executableTarget(
            name: "bench",
            dependencies: [
                "CPeer", .product(name: "TheaterCore", package: "theater"),
                .product(name: "TheaterNode", package: "theater"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
