// swift-tools-version:6.2
import PackageDescription

// For editors: it lets them index the SDK and complete names in it. Actors are built by
// `theater build`, which carries these sources inside.
let package = Package(
    name: "theater-guest",
    products: [.library(name: "TheaterGuest", targets: ["TheaterGuest"])],
    targets: [
        .target(
            name: "TheaterGuest", path: "Sources",
            swiftSettings: [
                .enableExperimentalFeature("Embedded"), .enableExperimentalFeature("Extern"),
                .unsafeFlags(["-wmo", "-Xfrontend", "-disable-stack-protector"]),
            ])
    ],
    swiftLanguageModes: [.v6]
)
