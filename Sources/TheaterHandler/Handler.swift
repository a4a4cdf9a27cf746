// SPDX-License-Identifier: Apache-2.0

public import TheaterCapability
public import TheaterManifest
public import TheaterPact
public import TheaterValue

/// A capability given to one actor: it answers the actor's calls of its host interfaces.
///
/// The runtime makes one handler for each grant of each actor, when the actor starts, and closes it
/// when the actor ends; handlers share nothing between actors unless they say so. The runtime checks
/// that the call is granted and of the declared type before, and records it after: neither is the
/// handler's business.
public protocol Handler: Sendable {
    /// The name used in manifests, such as `runtime`.
    static var name: String { get }

    /// The host interfaces that a grant of this handler opens.
    static var interfaces: [HostInterface] { get }

    /// How the keys of the configuration bound what the handler may do; none, unless it says so.
    ///
    /// A child's grant is compared with its parent's key by key, as the handler declares it here, and
    /// the handler then reads the narrower values. A key that is not declared is compared as a whole: a
    /// child must have the very value that its parent has, or it does not start. So a handler that
    /// declares nothing is safe, and its children are all configured alike.
    ///
    /// The values of a `paths` key reach the handler canonical: it does not resolve them again.
    static var authority: [AuthorityKey] { get }

    /// Whether the handler holds nothing, so that closing it would do nothing.
    static var isStateless: Bool { get }

    /// Reads the grant's configuration and makes the handler of one actor.
    ///
    /// - Parameters:
    ///   - grant: reads the keys of the manifest's `[[handler]]` entry; keys left unread are
    ///     reported as unknown.
    ///   - context: who the actor is, and the ports to the runtime.
    /// - Throws: diagnostics that name the key and its place.
    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics)

    /// Answers one call. Must neither block nor wait: what takes time is returned as
    /// ``HostReply/later(_:)``.
    func answer(_ call: HostCall) -> HostReply

    /// Releases everything the handler holds for its actor. Called exactly once, unless the handler
    /// is stateless; cancelled, and left behind, when it takes longer than five seconds.
    func close() async
}

extension Handler {
    /// Keys are compared as a whole, unless a handler says otherwise.
    public static var authority: [AuthorityKey] { [] }

    /// Handlers hold something, unless they say otherwise.
    public static var isStateless: Bool { false }

    /// Releases nothing.
    public func close() async {}
}

/// One call of a host function by a guest.
public struct HostCall: Sendable {
    /// The interface, such as `theater:simple/runtime`.
    public let interface: String
    /// The function, such as `log`.
    public let function: String
    /// The arguments in the declared order.
    public let arguments: [Value]
    /// The identity of the effect, when the function is one: the same however often this very effect is
    /// tried, and that of no other. Pass it on as idempotency key. `nil` as well for an actor that is
    /// not recorded.
    public let effectID: String?

    /// Makes a call.
    public init(
        interface: String, function: String, arguments: [Value], effectID: String? = nil
    ) {
        self.interface = interface
        self.function = function
        self.arguments = arguments
        self.effectID = effectID
    }
}

/// A handler's answer to one call.
public enum HostReply: Sendable {
    /// The answer, at once.
    case value(Value)
    /// The call fails: the error value of a function whose result is `result<_, string>`, and a trap
    /// of the guest otherwise.
    case failure(HostError)
    /// The grant does not cover the call. Recorded as a denial; the guest sees a failure.
    case denied(HostError)
    /// The grant does not cover the call, and the guest gets this answer all the same. Recorded as a
    /// denial. For functions that say "nothing" where others have an error value.
    case withheld(HostError, answer: Value)
    /// The answer, in whose place the chain keeps another one, for what must not be written down. What
    /// the guest does with the answer is recorded as always.
    case redacted(Value, recorded: Value)
    /// The answer takes time. The guest is suspended meanwhile and holds no thread; the operation is
    /// cancelled when the actor ends. Only for functions that the interface declares suspending.
    case later(@Sendable () async -> Result<Value, HostError>)
    /// The answer comes from elsewhere, perhaps at once: as `later`, without the cost of a task.
    ///
    /// The closure is called once, off the guest's stack, and must not block. It keeps the answering
    /// or hands it on; when the actor ends first, an answer that comes later is dropped.
    case parked(@Sendable (HostAnswering) -> Void)
}

/// Takes the answer of one parked host call, from any thread. The first answer counts.
public struct HostAnswering: Sendable {
    private let answer: @Sendable (Result<Value, HostError>) -> Void

    /// Makes an answering; the closure must take any number of answers.
    public init(_ answer: @escaping @Sendable (Result<Value, HostError>) -> Void) {
        self.answer = answer
    }

    /// Answers.
    public func callAsFunction(_ result: Result<Value, HostError>) { answer(result) }
}

/// Why a host function could not do what it was asked.
public struct HostError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable, dotted code, such as `tcp.denied`.
    public let code: String
    /// What failed, on which thing, why, and what to do.
    public let message: String
    /// Whether the grant does not cover the call. An answer that took time, and is such an error, is recorded
    /// as a denial, as ``HostReply/denied(_:)`` is.
    public let isDenial: Bool

    /// Makes an error.
    public init(_ code: String, _ message: String, isDenial: Bool = false) {
        self.code = code
        self.message = message
        self.isDenial = isDenial
    }

    /// The message and the code.
    public var description: String { "\(message) [\(code)]" }
}

/// What a host function does to the world outside of its actor's chain.
public enum HostEffect: Sendable, Hashable {
    /// Nothing that outlives the actor, or nothing that anybody minds: the call is recorded once it is
    /// answered.
    case none
    /// It changes the world, and doing it twice, with one ``HostCall/effectID``, changes no more than doing
    /// it once. Its intent is durable before the handler sees the call.
    case idempotent
    /// It changes the world each time. Its intent is durable before the handler sees the call.
    case once
}

/// A host interface: its declaration in Pact, which of its functions take time, and which change the
/// world.
public struct HostInterface: Sendable, Hashable {
    /// The declaration.
    public let pact: PactInterface
    /// The functions that may suspend their caller.
    public let suspending: Set<String>
    /// The functions that are declared to answer `value` and answer a `result<value, string>`, so that
    /// a failure is their error value.
    public let valueResults: Set<String>
    private let effects: [String: HostEffect]

    /// The full name, such as `theater:simple/runtime`.
    public var name: String { pact.name }

    /// What a function does to the world.
    public func effect(of function: String) -> HostEffect { effects[function] ?? .none }

    /// Whether any function is an effect.
    public var hasEffects: Bool { effects.values.contains { $0 != .none } }

    /// Declares an interface.
    ///
    /// - Parameters:
    ///   - text: the host Pact, which is the handler's own source: a mistake in it is a programmer's.
    ///   - suspending: the functions that may answer ``HostReply/later(_:)`` or ``HostReply/parked(_:)``.
    ///   - valueResults: the functions that answer a result under the declared type `value`.
    ///   - effects: what the functions do to the world; nothing, where it does not say. An effect is
    ///     waited for, so it must be among `suspending`; the handler may still answer it at once.
    public init(
        pact text: String, suspending: Set<String> = [], valueResults: Set<String> = [],
        effects: [String: HostEffect] = [:]
    ) {
        do throws(PactError) {
            pact = try PactFile.parseHost(text, file: "<handler>").interface
        } catch {
            preconditionFailure("a handler's own Pact does not parse: \(error)")
        }
        let names = Set(pact.functions.map(\.name))
        precondition(
            suspending.union(valueResults).union(effects.keys).isSubset(of: names),
            "names are functions of the interface")
        precondition(
            effects.allSatisfy { $0.value == .none || suspending.contains($0.key) },
            "effects are waited for")
        self.effects = effects
        self.suspending = suspending
        self.valueResults = valueResults
    }
}
