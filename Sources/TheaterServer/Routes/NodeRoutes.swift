// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import TheaterAPI
internal import TheaterChain
internal import TheaterHandler
internal import TheaterPlatform
internal import TheaterRuntime

/// The node itself.
struct NodeRoutes: Sendable {
    let node: ServedNode
    let options: ServerOptions
    let life: ServerLife
    let audit: Audit
    private let started = WallTime.now()

    init(node: ServedNode, options: ServerOptions, life: ServerLife, audit: Audit) {
        self.audit = audit
        self.node = node
        self.options = options
        self.life = life
    }

    // MARK: Health

    /// What keeps the node from taking work; `nil` when nothing does.
    private var ailment: String? {
        if life.isDraining { return "the node is ending" }
        if let ailment = life.ailment { return ailment }
        if let failure = node.journal.failure { return "chains cannot be written: \(failure)" }
        if let failure = audit.failure { return "the audit cannot be written: \(failure)" }
        // Then nothing can be opened: connections, files, processes.
        return ThisProcess.hasDescriptors ? nil : "the process has no descriptors left"
    }

    func health() -> Response { Answer.json(["status": "ok", "reason": .null]) }

    func readiness() throws(Problem) -> Response {
        if let ailment {
            throw Problem(status: 503, code: Problem.Code.unready.rawValue, detail: ailment)
        }
        return Answer.json(["status": "ok", "reason": .null])
    }

    func document() -> Response { Answer.json(OpenAPI.document(version: options.version)) }

    // MARK: Numbers

    func show() -> Response {
        let totals = node.system.totals()
        let load = node.control.load
        return Answer.json([
            "version": .string(options.version), "pid": .integer(ThisProcess.number),
            "started": .string(started.rfc3339), "data": .optional(options.dataDirectory),
            "actors": .integer(totals.actors),
            "totals": [
                "lives_started": .integer(totals.livesStarted),
                "lives_ended": .integer(totals.livesEnded.total), "calls": .integer(totals.calls),
                "errors": .integer(totals.errors), "fuel_used": .integer(totals.fuelUsed),
                "host_calls": .integer(totals.hostCalls), "memory": .integer(totals.memorySize),
            ],
            "dead_letters": Self.counts(totals.deadLetters),
            "commands": ["running": .integer(load.running), "waiting": .integer(load.waiting)],
        ])
    }

    func metrics() -> Response {
        let text = MetricsText(
            node.system.totals(), load: node.control.load, version: options.version)
        return Answer.bytes(Array(text.text.utf8), type: "text/plain; version=0.0.4")
    }

    func deadLetters() -> Response { Answer.json(letters()) }

    func followDeadLetters(_ call: Call, _ streams: ValueStreams) throws(Problem) -> Response {
        try streams.response(to: call, showing: "dead letters") { [self] in
            ValueStream.Look(value: letters())
        }
    }

    private func letters() -> JSONValue {
        [
            "counts": Self.counts(node.system.deadLetterCounts),
            "letters": .array(
                node.system.deadLetters.map { letter in
                    [
                        "number": .integer(letter.number), "time": .string(letter.time.rfc3339),
                        "sender": .string(Self.text(letter.sender)),
                        "target": .string(Self.text(letter.target)),
                        "kind": .string(letter.kind), "size": .integer(letter.size),
                        "code": .string(letter.code),
                    ]
                }),
        ]
    }

    /// The identity of an actor, or `external` for those who are none.
    private static func text(_ participant: ChannelParticipant) -> String {
        participant.actor?.description ?? "external"
    }

    private static func counts(_ counts: [String: UInt64]) -> JSONValue {
        .object(counts.sorted { $0.key < $1.key }.map { .init($0.key, .integer($0.value)) })
    }
}
