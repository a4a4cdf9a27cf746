// SPDX-License-Identifier: Apache-2.0

public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

/// Calls of other actors' exports, with checked values.
///
/// Manifest: `type = "rpc"`; `call_timeout` (30 s) for calls that name none, `targets` (every
/// actor). What can be called is what the callee's manifest offers under `[exports] rpc`.
public struct RPCHandler: Handler {
    /// The name used in manifests.
    public static let name = "rpc"

    /// The one interface: `theater:simple/rpc`. Every function answers a `result<…, string>`.
    public static let interfaces = [
        HostInterface(
            pact: """
                interface rpc {
                    @package: string = "theater:simple"
                    exports {
                        call: func(actor-id: string, function: string, params: value,
                            options: value) -> value
                        implements: func(actor-id: string, interface: string) -> value
                        exports: func(actor-id: string) -> value
                    }
                }
                """,
            suspending: ["call"], valueResults: ["call", "implements", "exports"])
    ]

    /// A child calls no more actors, and waits no longer by default, than its parent.
    public static let authority: [AuthorityKey] = [
        .patterns("targets", absent: .everything),
        .maximum("call_timeout", .duration, absent: 30_000_000_000),
    ]

    private let caller: (any RPCCaller)?
    private let callTimeout: Duration

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        let times = Duration.milliseconds(1)...Duration.seconds(86_400)
        callTimeout = grant.duration("call_timeout", in: times) ?? .seconds(30)
        let targets = TargetRule(&grant)
        try grant.finish()
        caller = context.services.service((any RPCPort).self)?
            .caller(for: context.actorID, targets: targets)
    }

    /// Answers one call.
    public func answer(_ call: HostCall) -> HostReply {
        guard case .string(let address)? = call.arguments.first else { return wrongArgument(call) }
        guard let caller else {
            return .failure(
                HostError("rpc.unavailable", "this node has no calls between actors"))
        }
        let target: ActorID
        switch caller.resolve(address) {
        case .success(let found): target = found
        case .failure(let error) where error.code == .denied: return .denied(error.hostError)
        case .failure(let error): return .failure(error.hostError)
        }
        switch (call.function, call.arguments.count) {
        case ("call", 4):
            guard case .string(let function) = call.arguments[1] else { return wrongArgument(call) }
            let parameters = call.arguments[2]
            let timeout = Self.timeout(call.arguments[3]) ?? callTimeout
            return .parked { answering in
                caller.call(function, of: target, parameters, timeout: timeout) { answer in
                    answering(
                        answer.mapError(\.hostError).map { value in
                            .result(ok: value.impliedType, err: .string, .ok(value))
                        })
                }
            }
        case ("implements", 2):
            guard case .string(let interface) = call.arguments[1] else {
                return wrongArgument(call)
            }
            return reply(caller.implements(interface, by: target).map { .bool($0) })
        case ("exports", 1):
            return reply(
                caller.exports(of: target).map { names in
                    .list(.string, names.map { .string($0) })
                })
        default: return wrongArgument(call)
        }
    }

    /// Gives up what the actor waits for.
    public func close() async { caller?.close() }

    private func reply(_ result: Result<Value, RPCError>) -> HostReply {
        switch result {
        case .success(let value):
            .value(.result(ok: value.impliedType, err: .string, .ok(value)))
        case .failure(let error): .failure(error.hostError)
        }
    }

    private func wrongArgument(_ call: HostCall) -> HostReply {
        .failure(
            HostError(
                "rpc.wrong-host-argument", "'\(call.function)' got an argument of another type"))
    }

    /// The time of `option<record call-options { timeout-ms: option<u64> }>`; `nil` for anything else.
    static func timeout(_ options: Value) -> Duration? {
        var options = options
        if case .option(_, let inner) = options {
            guard let inner else { return nil }
            options = inner
        }
        let spellings = ["timeout-ms", "timeout_ms", "timeoutMs"]
        guard
            var value = options.asRecord?.fields.first(where: { spellings.contains($0.name) })?
                .value
        else { return nil }
        if case .option(_, let inner) = value {
            guard let inner else { return nil }
            value = inner
        }
        return value.integer(as: UInt64.self).map { milliseconds in
            .milliseconds(Int64(clamping: min(milliseconds, 86_400_000)))
        }
    }
}
