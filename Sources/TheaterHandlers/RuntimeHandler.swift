// SPDX-License-Identifier: Apache-2.0

internal import Logging
public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

/// What every actor is likely to want from its runtime: to log, to know itself, to read its own chain,
/// and to end.
///
/// Manifest: `type = "runtime"`, no keys.
public struct RuntimeHandler: Handler {
    /// The name used in manifests.
    public static let name = "runtime"

    /// The one interface: `theater:simple/runtime`.
    public static let interfaces = [
        HostInterface(
            pact: """
                interface runtime {
                    @package: string = "theater:simple"
                    exports {
                        log: func(msg: string)
                        get-chain: func() -> list<u8>
                        self: func() -> string
                        shutdown: func(data: option<list<u8>>) -> result<_, string>
                    }
                }
                """)
    ]

    /// No key, so nothing to compare: an actor has it or has it not.
    public static let authority: [AuthorityKey] = []

    /// Holds nothing.
    public static let isStateless = true

    /// The longest text that one log line shows, in UTF-8 bytes; the chain keeps all of it.
    public static let logSizeMax = 8192
    /// How many of the newest events `get-chain` answers.
    public static let chainCountMax = 256

    private let context: HandlerContext

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        try grant.finish()
        self.context = context
    }

    /// Answers one call.
    public func answer(_ call: HostCall) -> HostReply {
        switch call.function {
        case "log":
            guard case .string(let text)? = call.arguments.first else { return wrongArgument(call) }
            context.logger.info("\(Self.printable(text))")
            return .value(.unit)
        case "self":
            return .value(.string(context.actorID.description))
        case "get-chain":
            return chain()
        case "shutdown":
            guard case .option(_, let data)? = call.arguments.first else {
                return wrongArgument(call)
            }
            context.cell.requestShutdown(result: data?.asBytes)
            return .value(.result(ok: .tuple([]), err: .string, .ok(.unit)))
        default:
            return .failure(
                HostError(
                    "runtime.unknown-function", "'\(call.function)' is not a function of runtime"))
        }
    }

    private func wrongArgument(_ call: HostCall) -> HostReply {
        .failure(
            HostError(
                "runtime.wrong-argument", "'\(call.function)' got an argument of another type"))
    }

    /// The newest events as the CGRF bytes of a list of `chain-event` records, oldest first.
    private func chain() -> HostReply {
        let events = context.cell.recentEvents(Self.chainCountMax).map(\.value)
        do throws(CGRFError) {
            let bytes = try CGRF.encode(.list(.record("chain-event"), events))
            return .value(.bytes(bytes))
        } catch {
            return .failure(HostError("runtime.get-chain", "the chain does not encode: \(error)"))
        }
    }

    /// The text with control characters made visible, cut to ``logSizeMax``.
    static func printable(_ text: String) -> String {
        let isASCII = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            unsafe bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        }
        let isPlain = text.utf8.count <= logSizeMax && isASCII == true
        if isPlain { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if shown.utf8.count >= logSizeMax {
                shown += "… (\(text.utf8.count) bytes in all)"
                break
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                shown += scalar == "\t" ? " " : scalar.escaped(asASCII: true)
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}

extension RecentEvent {
    /// The event as a `chain-event` record. A long payload is cut, and the description says so.
    var value: Value {
        .record(
            Value.Record(
                "chain-event",
                [
                    .init("hash", .bytes(hash)),
                    .init("parent-hash", .option(.list(.primitive(.u8)), .bytes(parent))),
                    .init("event-type", .string(type)),
                    .init("data", .bytes(payload)),
                    .init("timestamp", .u64(UInt64(clamping: time.nanoseconds / 1_000_000))),
                    .init("description", .option(.string, note.map { .string($0) })),
                ]))
    }

    private var note: String? {
        payload.count < payloadSize
            ? "the first \(payload.count) of \(payloadSize) bytes; the chain has all" : nil
    }
}
