// SPDX-License-Identifier: Apache-2.0

public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

/// Chance: bytes, numbers, UUIDs.
///
/// Manifest: `type = "random"`, with `seed` (none: the world's chance), `max_bytes` (1 MiB),
/// `max_int` (2⁶³ − 1). Every answer is in the chain, so nothing of it is fit to be a key.
public struct RandomHandler: Handler {
    /// The name used in manifests.
    public static let name = "random"

    /// The one interface: `theater:simple/random`.
    public static let interfaces = [
        HostInterface(
            pact: """
                interface random {
                    @package: string = "theater:simple"
                    exports {
                        random-bytes: func(length: u32) -> result<list<u8>, string>
                        random-range: func(min: u64, max: u64) -> result<u64, string>
                        random-float: func() -> result<f64, string>
                        generate-uuid: func() -> result<string, string>
                    }
                }
                """)
    ]

    /// A child draws no more at once, and no larger numbers, than its parent. A seed permits nothing.
    public static let authority: [AuthorityKey] = [
        .maximum("max_bytes", .bytes, absent: bytesDefault),
        .maximum("max_int", absent: integerDefault),
        .free("seed"), .free("allow_crypto_secure"),
    ]

    /// Closing it would do nothing.
    public static let isStateless = true

    /// The most bytes of one call when the manifest does not say.
    public static let bytesDefault: UInt64 = 1 << 20
    /// The most bytes of one call that a manifest may allow.
    public static let bytesMax: UInt64 = 4 << 20
    /// The largest end of a range when the manifest does not say, and the largest it can say.
    public static let integerDefault = UInt64(Int64.max)

    private let source: RandomSource
    private let bytesMax: UInt64
    private let integerMax: UInt64

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        let bytes = grant.bytes(
            "max_bytes", in: ByteCount(bytes: 0)...ByteCount(bytes: Self.bytesMax))
        let integer = grant.integer("max_int", in: 0...Int.max)
        let seed = grant.integer("seed")
        if grant.bool("allow_crypto_secure") == true {
            grant.refuse(
                "allow_crypto_secure",
                "what an actor draws is recorded in its chain, so it is never fit for keys",
                suggestion: "remove it, and give secrets to handlers with { secret = … }")
        }
        try grant.finish()
        bytesMax = bytes?.bytes ?? Self.bytesDefault
        integerMax = integer.flatMap { UInt64(exactly: $0) } ?? Self.integerDefault
        source = RandomSource(
            world: context.world, seed: seed.map { UInt64(bitPattern: Int64($0)) })
    }

    /// Answers one call.
    public func answer(_ call: HostCall) -> HostReply {
        switch (call.function, call.arguments.count) {
        case ("random-bytes", 1):
            guard case .u32(let length) = call.arguments[0] else { return wrongArgument(call) }
            return bytes(length)
        case ("random-range", 2):
            guard case .u64(let least) = call.arguments[0], case .u64(let end) = call.arguments[1]
            else { return wrongArgument(call) }
            return range(least, end)
        case ("random-float", _): return .ok(.f64(source.fraction()), .primitive(.f64))
        case ("generate-uuid", _): return .ok(.string(source.uuid()), .string)
        default: return wrongArgument(call)
        }
    }

    private func bytes(_ length: UInt32) -> HostReply {
        guard UInt64(length) <= bytesMax else {
            return .denied(
                HostError(
                    "random.too-many-bytes",
                    "\(length) random bytes are more than the \(bytesMax) that the grant allows at "
                        + "once; draw fewer, or raise max_bytes"))
        }
        return .ok(.bytes(source.bytes(Int(length))), .list(.primitive(.u8)))
    }

    private func range(_ least: UInt64, _ end: UInt64) -> HostReply {
        guard least < end else {
            return .failure(
                HostError(
                    "random.empty-range",
                    "no number is at least \(least) and below \(end); pass a max above min"))
        }
        guard end <= integerMax else {
            return .denied(
                HostError(
                    "random.too-large",
                    "a range that ends at \(end) reaches beyond the \(integerMax) that the grant "
                        + "allows; draw below that, or raise max_int"))
        }
        return .ok(.u64(least + source.number(below: end - least)), .primitive(.u64))
    }

    private func wrongArgument(_ call: HostCall) -> HostReply {
        .failure(
            HostError(
                "random.wrong-argument", "'\(call.function)' got an argument of another type"))
    }
}
