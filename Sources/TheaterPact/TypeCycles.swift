// SPDX-License-Identifier: Apache-2.0

/// Tells which declarations mention each other in a circle.
///
/// Names get the number of their strongly connected component, found on demand by Tarjan's
/// algorithm with a stack of its own.
struct TypeCycles {
    private var components: [String: Int] = [:]
    private var componentCount = 0

    private struct Visit {
        let name: String
        let mentioned: [String]
        var next = 0
    }

    /// The component of a declared name. What is visited on the way is taken from `budget`.
    mutating func component(of name: String, in scope: TypeScope, budget: inout Int) -> Int {
        if let known = components[name] { return known }
        var order: [String: Int] = [:]
        var lowest: [String: Int] = [:]
        var waiting: [String] = []
        var visits: [Visit] = []

        func open(_ name: String, _ budget: inout Int) {
            order[name] = order.count
            lowest[name] = order[name]
            waiting.append(name)
            visits.append(
                Visit(name: name, mentioned: scope.mentions(of: name, budget: &budget)))
        }
        func lower(_ name: String, to value: Int?) {
            lowest[name] = min(lowest[name] ?? Int.max, value ?? Int.max)
        }

        open(name, &budget)
        while let visit = visits.last {
            if visit.next < visit.mentioned.count {
                let mention = visit.mentioned[visit.next]
                visits[visits.count - 1].next += 1
                if components[mention] != nil { continue }
                if let earlier = order[mention] {
                    lower(visit.name, to: earlier)
                } else {
                    open(mention, &budget)
                }
                continue
            }
            visits.removeLast()
            if let parent = visits.last { lower(parent.name, to: lowest[visit.name]) }
            guard lowest[visit.name] == order[visit.name] else { continue }
            while let member = waiting.popLast() {
                components[member] = componentCount
                if member == visit.name { break }
            }
            componentCount += 1
        }
        return components[name] ?? -1
    }
}

extension TypeScope {
    /// The declared names that a declaration mentions, each once.
    func mentions(of name: String, budget: inout Int) -> [String] {
        var names: [String] = []
        var seen: Set<String> = []
        var waiting = definitions[name]?.body.types ?? []
        while let type = waiting.popLast(), budget > 0 {
            budget -= 1
            if case .named(let name, _) = type, definitions[name] != nil,
                seen.insert(name).inserted
            {
                names.append(name)
            }
            waiting += type.children
        }
        return names
    }
}

extension PactTypeDefinition.Body {
    /// The types of the parts.
    var types: [PactType] {
        switch self {
        case .alias(let type): [type]
        case .record(let fields): fields.map(\.type)
        case .variant(let cases): cases.compactMap(\.payload)
        case .enumeration, .flags: []
        }
    }
}

extension PactType {
    /// The types directly inside this one.
    var children: [PactType] {
        switch self {
        case .list(let inner), .option(let inner), .set(let inner): [inner]
        case .result(let ok, let err): [ok, err].compactMap { $0 }
        case .tuple(let items): items
        case .map(let key, let value): [key, value]
        case .named(_, let arguments): arguments
        default: []
        }
    }
}
