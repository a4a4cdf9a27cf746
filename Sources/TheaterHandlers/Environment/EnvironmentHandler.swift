// SPDX-License-Identifier: Apache-2.0

public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterValue

/// Variables of the node's environment, of which an actor sees those that its manifest names.
///
/// Manifest: `type = "environment"`, with `allowed_vars` (none) and `allowed_prefixes` (none), minus
/// `denied_vars` (none); `secret_vars` (none), whose values the chain never has; `allow_list_all`
/// (false), without which `list-vars` answers nothing.
public struct EnvironmentHandler: Handler {
    /// The name used in manifests.
    public static let name = "environment"

    /// The one interface: `theater:simple/environment`. It has no errors: what is denied is not there.
    public static let interfaces = [
        HostInterface(
            pact: """
                interface environment {
                    @package: string = "theater:simple"
                    exports {
                        get-var: func(name: string) -> option<string>
                        list-vars: func() -> list<tuple<string, string>>
                        exists: func(name: string) -> bool
                    }
                }
                """)
    ]

    /// A child sees no variable that its parent does not, and what is secret for a parent is secret for
    /// its children.
    public static let authority: [AuthorityKey] = [
        .patterns("allowed_vars", absent: .nothing),
        .patterns("allowed_prefixes", absent: .nothing),
        .exceptions("denied_vars"), .exceptions("secret_vars"),
        .flag("allow_list_all", absent: false),
    ]

    /// Holds nothing that must be given back.
    public static let isStateless = true

    /// What the chain has in place of a secret value.
    public static let redaction = "<secret>"
    /// The most bytes of names and values that one `list-vars` answers.
    public static let listSizeMax = 1 << 20

    private let rule: EnvironmentRule
    private let mayList: Bool
    private let variables: [String: String]

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        rule = EnvironmentRule(&grant)
        mayList = grant.bool("allow_list_all") ?? false
        try grant.finish()
        variables = context.services.service(EnvironmentVariables.self)?.values ?? [:]
    }

    /// Answers one call.
    public func answer(_ call: HostCall) -> HostReply {
        switch (call.function, call.arguments.first) {
        case ("get-var", .string(let name)?):
            guard rule.allows(name) else { return withheld(name, .option(.string, nil)) }
            guard let value = variables[name] else { return .value(.option(.string, nil)) }
            let answer = Value.option(.string, .string(value))
            return rule.isSecret(name)
                ? .redacted(answer, recorded: .option(.string, .string(Self.redaction)))
                : .value(answer)
        case ("exists", .string(let name)?):
            guard rule.allows(name) else { return withheld(name, .bool(false)) }
            return .value(.bool(variables[name] != nil))
        case ("list-vars", _):
            return list()
        default:
            return .failure(
                HostError(
                    "environment.wrong-argument",
                    "'\(call.function)' got an argument of another type"))
        }
    }

    private func withheld(_ name: String, _ answer: Value) -> HostReply {
        .withheld(
            HostError(
                "environment.denied",
                "the grant does not have the variable '\(name.prefix(64))'; add it to allowed_vars, "
                    + "or do without"), answer: answer)
    }

    /// The variables that the actor may see, sorted by the bytes of their names.
    private func list() -> HostReply {
        guard mayList else {
            return .withheld(
                HostError(
                    "environment.list-denied",
                    "the grant does not allow to list variables; set allow_list_all = true, or ask "
                        + "for them by name"), answer: Self.list([]))
        }
        let visible = variables.filter { rule.allows($0.key) }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let size = visible.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard size <= Self.listSizeMax else {
            return .failure(
                HostError(
                    "environment.too-large",
                    "the variables have \(size) bytes, more than the \(Self.listSizeMax) that one "
                        + "list takes; allow fewer, or ask for them by name"))
        }
        let shown = visible.map { name, value in
            (name, rule.isSecret(name) ? Self.redaction : value)
        }
        let answer = Self.list(visible.map { ($0.key, $0.value) })
        return visible.contains { rule.isSecret($0.key) }
            ? .redacted(answer, recorded: Self.list(shown)) : .value(answer)
    }

    private static func list(_ variables: [(String, String)]) -> Value {
        .list(
            .tuple([.string, .string]),
            variables.map { name, value in .tuple([.string(name), .string(value)]) })
    }
}
