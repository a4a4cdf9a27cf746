// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterClient
internal import TheaterPlatform

/// A node and its actors at one moment.
struct TopLook: Sendable {
    /// An actor in numbers.
    struct Actor: Sendable, Hashable {
        var id = ""
        var name = ""
        var status = ""
        var waiting: UInt64 = 0
        var calls: UInt64 = 0
        var errors: UInt64 = 0
        var memory: UInt64 = 0
    }

    let time: MonotonicTime
    let node: JSONValue
    let actors: [Actor]
    private let documents: [JSONValue]

    init(time: MonotonicTime, node: JSONValue, documents: [JSONValue]) {
        self.time = time
        self.node = node
        self.documents = documents
        actors = documents.map { document in
            func load(_ name: String) -> UInt64 { document["load"]?[name]?.integer() ?? 0 }
            return Actor(
                id: document["id"]?.string ?? "", name: document["name"]?.string ?? "-",
                status: document["status"]?.string ?? "-",
                waiting: document["mailbox"]?.integer() ?? 0, calls: load("calls"),
                errors: load("errors"), memory: load("memory"))
        }
    }

    /// Asks a node.
    static func take(_ client: TheaterClient) async throws(ClientError) -> TopLook {
        let node = try await client.node()
        let actors = try await client.actors(withLoad: true)
        return TopLook(time: .now(), node: node, documents: actors)
    }

    var json: JSONValue { ["node": node, "actors": .array(documents)] }
}

/// The table of `theater top`, as text.
struct TopTable {
    /// What it is sorted by.
    enum Order: String, Sendable, CaseIterable, ExpressibleByArgument {
        case calls, memory, waiting, name
    }

    private let look: TopLook
    private let before: TopLook?
    private let order: Order
    private let seconds: Double

    /// - Parameter before: the look before; without one, rates are those since the node's start.
    init(_ look: TopLook, before: TopLook?, order: Order) {
        self.look = look
        self.before = before
        self.order = order
        let nanoseconds = before.map { look.time.nanoseconds - $0.time.nanoseconds } ?? 0
        seconds = max(0.001, Double(nanoseconds) / 1_000_000_000)
    }

    private struct Row {
        let actor: TopLook.Actor
        let calls: UInt64
    }

    /// The lines, at most so many, each at most so wide.
    func lines(width: Int, height: Int) -> [String] {
        let rows = sorted(rows())
        let rate = before == nil ? "CALLS" : "CALLS/S"
        var lines = [
            head(), totals(), "",
            "ACTOR     NAME                     STATUS      "
                + [rate, "ERRORS", "MEMORY", "WAITING"].map {
                    Printable.padLeft($0, $0 == "MEMORY" ? 9 : 7)
                }
                .joined(separator: " "),
        ]
        // The last line says what is left out.
        let room = max(1, height == .max ? rows.count : height - lines.count - 1)
        lines += rows.prefix(room).map(line)
        if height != .max {
            let more = rows.count - min(rows.count, room)
            lines.append(
                "q ends, c m w n sort" + (more > 0 ? "; \(more) more actors" : ""))
        }
        return lines.prefix(height).map { Printable.cut($0, to: width) }
    }

    private func rows() -> [Row] {
        let old = Dictionary(
            (before?.actors ?? []).map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        return look.actors.map { actor in
            // One that is new since the last look did all that it did in between.
            let calls = actor.calls.subtractingReportingOverflow(old[actor.id]?.calls ?? 0)
            return Row(actor: actor, calls: calls.overflow ? actor.calls : calls.partialValue)
        }
    }

    private func sorted(_ rows: [Row]) -> [Row] {
        rows.sorted { left, right in
            let (a, b) = (left.actor, right.actor)
            switch order {
            case .calls where left.calls != right.calls: return left.calls > right.calls
            case .memory where a.memory != b.memory: return a.memory > b.memory
            case .waiting where a.waiting != b.waiting: return a.waiting > b.waiting
            default: return (a.name, a.id) < (b.name, b.id)
            }
        }
    }

    private func head() -> String {
        let node = look.node
        func count(_ path: String...) -> UInt64 {
            var value: JSONValue? = node
            for name in path { value = value?[name] }
            return value?.integer() ?? 0
        }
        return "theater \(node["version"]?.string ?? "-")  process \(count("pid"))  "
            + "\(look.actors.count == 1 ? "1 actor" : "\(look.actors.count) actors")  \(count("commands", "waiting")) commands wait"
    }

    private func totals() -> String {
        func total(_ look: TopLook?, _ name: String) -> UInt64 {
            look?.node["totals"]?[name]?.integer() ?? 0
        }
        func rate(_ name: String) -> String {
            let difference = total(look, name).subtractingReportingOverflow(total(before, name))
            return number(difference.overflow ? 0 : difference.partialValue)
        }
        let unit = before == nil ? "" : "/s"
        let letters = (look.node["dead_letters"]?.members ?? []).reduce(UInt64(0)) { sum, member in
            sum &+ (member.value.integer() ?? 0)
        }
        return "calls \(rate("calls"))\(unit)  errors \(rate("errors"))\(unit)  "
            + "host calls \(rate("host_calls"))\(unit)  memory "
            + "\(SizeText.format(total(look, "memory")))  dead letters \(letters)"
    }

    /// A number since the start, or a rate.
    private func number(_ count: UInt64) -> String {
        guard before != nil else { return String(count) }
        let rate = Double(count) / seconds
        return rate < 9.95 ? "\((rate * 10).rounded() / 10)" : String(UInt64(rate.rounded()))
    }

    private func line(_ row: Row) -> String {
        let actor = row.actor
        let name = Printable.line(actor.name, sizeMax: 256)
        return [
            String(actor.id.prefix(8)), Printable.pad(Printable.cut(name, to: 23), 23),
            Printable.pad(actor.status, 10),
        ].joined(separator: "  ") + "  "
            + [
                Printable.padLeft(number(row.calls), 7), Printable.padLeft(String(actor.errors), 7),
                Printable.padLeft(SizeText.format(actor.memory), 9),
                Printable.padLeft(String(actor.waiting), 7),
            ].joined(separator: " ")
    }
}
