// swift-tools-version: 6.2
import PackageDescription

/// Settings that every Swift target of the house shares.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// A room of the house: a Swift library target and what it may import.
func room(_ name: String, imports: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: imports, resources: resources, swiftSettings: house)
}

/// The tests of a room. `TestSupport` finds fixtures and compares tensors.
func tests(of name: String, imports: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + imports, swiftSettings: house)
}

let package = Package(
    name: "mynah",
    products: [
        .executable(name: "mynah", targets: ["mynah"]),
        // Tests open it by its file's name, as they would the driver.
        .library(name: "CUDADouble", type: .dynamic, targets: ["CUDADouble"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C kernels are optimised in debug builds too: tests run them on real sizes.
        .target(
            name: "CKernels",
            cSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-ffp-contract=fast", "-Wall", "-Wextra", "-Werror"])]
        ),
        .systemLibrary(name: "CSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
        .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
        // libsonic has no pkg-config file.
        .systemLibrary(name: "CSonic", providers: [.apt(["libsonic-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        room("Archives", imports: ["CArchive"]),
        room("Compute", imports: ["CKernels"]),
        // The module for NVIDIA's driver, committed: made by scripts/ptx.sh, which clang can do without NVIDIA's tools.
        .target(name: "CPTX", exclude: ["kernels.ptx"]),
        room("GPU", imports: ["CPTX", "Compute"], resources: [.embedInCode("Kernels")]),
        room("Checkpoint", imports: ["Compute"]),
        room("TextFrontend", resources: [.copy("Resources")]),
        room("AudioIO", imports: ["CSndFile", "CSoxr", "CSonic"]),
        room("VoxCPM", imports: ["Compute", "Checkpoint"]),
        room(
            "SpeechEngine",
            imports: [
                "Compute", "Checkpoint", "TextFrontend", "AudioIO", "VoxCPM",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        room(
            "SpeechStore",
            imports: [
                "Archives", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        room(
            "ModelHub",
            imports: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "Crypto", package: "swift-crypto"),
            ]),
        room(
            "SpeechServer",
            imports: [
                "SpeechEngine", "SpeechStore", "Archives", "AudioIO", "Checkpoint", "TextFrontend",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.copy("Resources")]),
        room(
            "MynahCommands",
            imports: [
                "Compute", "GPU", "Checkpoint", "TextFrontend", "AudioIO", "VoxCPM", "SpeechEngine", "SpeechStore",
                "SpeechServer", "ModelHub",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(name: "mynah", dependencies: ["MynahCommands"], swiftSettings: house),
        .target(
            name: "TestSupport", dependencies: ["Checkpoint", "GPU"], path: "Tests/TestSupport", swiftSettings: house),
        .target(
            name: "CUDADouble", path: "Tests/CUDADouble",
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"])]),
        tests(of: "Compute", imports: ["CKernels"]),
        tests(of: "GPU", imports: ["Compute"]),
        tests(of: "Checkpoint", imports: ["Compute"]),
        tests(of: "TextFrontend"),
        tests(of: "AudioIO", imports: ["Checkpoint", "CSndFile"]),
        tests(of: "VoxCPM", imports: ["Checkpoint", "Compute", "GPU"]),
        tests(of: "SpeechEngine", imports: ["AudioIO", "Checkpoint", "Compute", "GPU", "TextFrontend", "VoxCPM"]),
        tests(
            of: "SpeechServer",
            imports: [
                "SpeechEngine", "SpeechStore", "Archives", "AudioIO", "GPU", "VoxCPM",
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests(of: "Archives"),
        tests(
            of: "mynah",
            imports: [
                "MynahCommands", "Compute", "Checkpoint", "AudioIO", "GPU", "TextFrontend", "SpeechServer",
                "SpeechStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        tests(
            of: "SpeechStore",
            imports: ["Archives", .product(name: "GRDB", package: "GRDB.swift")]),
        tests(
            of: "ModelHub",
            imports: [
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .testTarget(name: "HouseTests", dependencies: ["TestSupport"], swiftSettings: house),
    ]
)

// The sanitizers build the engine alone: the rooms that share memory among threads or hand it to C.
if Context.environment["MYNAH_ENGINE_ONLY"] != nil {
    let engine = [
        "CKernels", "Compute", "CPTX", "GPU", "Checkpoint", "VoxCPM", "TestSupport", "ComputeTests", "GPUTests",
        "CheckpointTests", "VoxCPMTests", "CUDADouble",
    ]
    package.targets.removeAll { !engine.contains($0.name) }
    package.dependencies = []
    package.products.removeAll { $0.name != "CUDADouble" }
}
