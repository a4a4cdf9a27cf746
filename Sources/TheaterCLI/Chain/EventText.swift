// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterPlatform
internal import TheaterValue

/// Events as text.
enum EventText {
    /// About how many bytes of a value are shown on a line.
    static let valueSizeMax = 4096

    /// An event on one line: position, time, what happened.
    static func line(_ event: ChainEvent, width: Int) -> String {
        let number = Printable.padLeft(String(event.sequence), 5)
        let text = "\(number)  \(TimeText.clock(event.time))  \(subject(event))"
        return Printable.cut(text, to: width)
    }

    /// An event in full, on several lines.
    ///
    /// - Parameter absence: what became of a payload that is not there.
    static func full(_ event: ChainEvent, absence: String = "dropped") -> [String] {
        var lines = [
            "event \(event.sequence)  \(event.time.rfc3339)  "
                + Printable.line(event.type, sizeMax: 1024),
            "  hash    \(event.hash)", "  parent  \(event.parent)",
            "  payload \(event.payloadDigest)"
                + (event.payload.map { " (\(SizeText.format($0.count)))" } ?? " (\(absence))"),
        ]
        for (name, value) in EventFacts.facts(event) {
            let text = value.text(options: ValueText.Options(width: 100))
            let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
            lines.append("  \(name): \(parts.first ?? "")")
            lines += parts.dropFirst().map { "    \($0)" }
        }
        return lines
    }

    /// What happened, without a bound on its length.
    private static func subject(_ event: ChainEvent) -> String {
        let options = ValueText.Options(limit: valueSizeMax)
        func shown(_ bytes: [UInt8]) -> String { EventFacts.value(bytes).text(options: options) }
        let type = Printable.line(event.type, sizeMax: 256)
        let payload: EventPayload
        do throws(PayloadError) {
            guard let decoded = try event.decodedPayload() else {
                return "\(type) (the payload was dropped)"
            }
            payload = decoded
        } catch {
            return "\(type) (the payload does not decode: \(error))"
        }
        switch payload {
        case .spawned(let module, _, let name, _, let grants, _):
            let label = name.map { Printable.line($0, sizeMax: 64) } ?? "an actor"
            let handlers = grants.isEmpty ? "nothing" : grants.joined(separator: ", ")
            return "spawned \(label), module \(module.description.prefix(12)), may use "
                + Printable.line(handlers, sizeMax: 1024)
        case .forked(let fork):
            let label = fork.name.map { Printable.line($0, sizeMax: 64) } ?? "an actor"
            return "forked \(label) from event \(fork.sequence) of \(fork.actor)"
                + (fork.isDryRun ? ", effects are refused" : "")
        case .called(let function, let parameters, _, _):
            return "called \(Printable.line(function, sizeMax: 256)) \(shown(parameters))"
        case .returned(let function, let output, _, let fuel):
            return
                "returned \(Printable.line(function, sizeMax: 256)) \(shown(output)) fuel \(fuel)"
        case .failed(let function, let kind, let message):
            return Printable.line("failed \(function) [\(kind)] \(message)", sizeMax: valueSizeMax)
        case .hostCall(_, _, let input, let output):
            return "\(type) \(shown(input)) -> \(shown(output))"
        case .hostError(_, _, let input, let message):
            return "\(type) \(shown(input)) failed: \(Printable.line(message))"
        case .intent(_, _, let input, _, _):
            return "\(type) \(shown(input)) begins"
        case .outcome(_, _, let intent, let output):
            return "\(type) of \(intent) -> \(shown(output))"
        case .outcomeError(_, _, let intent, let message):
            return "\(type) of \(intent) failed: \(Printable.line(message))"
        case .settled(let intent, let settlement, let note):
            let text = note.isEmpty ? "" : ": " + note
            return Printable.line(
                "settled \(intent) as \(EffectText.settlement(settlement))\(text)",
                sizeMax: valueSizeMax)
        case .note(let note): return Printable.line(LifeText.line(note), sizeMax: valueSizeMax)
        case .upgrade(let step):
            let (from, to) = (step.from.description.prefix(12), step.to.description.prefix(12))
            let text =
                switch step.stage {
                case .begun: "upgrade from module \(from) to \(to) begins"
                case .done: "upgraded to module \(to), on trial, \(shown(step.state))"
                case .kept: "module \(to) is kept"
                case .undone: "back to module \(from), \(shown(step.state)): \(step.reason)"
                }
            return Printable.line(text, sizeMax: valueSizeMax)
        case .denied(let what, let reason):
            return Printable.line("denied \(what): \(reason)")
        case .limit(let kind, let message):
            return Printable.line("limit \(kind): \(message)")
        case .exited(let kind, let reason, let result):
            let data = result.map { " result \(shown($0))" } ?? ""
            return Printable.line("exited \(kind): \(reason)") + data
        }
    }
}
