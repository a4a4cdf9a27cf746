// SPDX-License-Identifier: Apache-2.0

extension SupervisionSettings {
    /// The keys that belong to no other table.
    static let keys = ["strategy", "intensity", "period", "backoff", "restart", "shutdown"]

    /// What `intensity` may be.
    static let intensityBounds = 0...1_000_000
    /// What `period` may be.
    static let periodBounds = Duration.milliseconds(1)...Duration.seconds(86_400)
    /// What the waits of `backoff` may be.
    static let backoffBounds = Duration.zero...Duration.seconds(86_400)
    /// What `factor` of `backoff` may be.
    static let factorBounds = 1...100

    init(_ reader: inout SectionReader) {
        let defaults = SupervisionSettings()
        self = defaults
        strategy = Self.strategy(&reader) ?? defaults.strategy
        intensity = reader.integer("intensity", in: Self.intensityBounds) ?? defaults.intensity
        period = reader.duration("period", in: Self.periodBounds) ?? defaults.period
        backoff = reader.section("backoff") { Self.backoff(&$0) } ?? defaults.backoff
        restart = ChildDeclaration.restart(&reader)
        shutdown = ChildDeclaration.shutdown(&reader)
        state = ChildDeclaration.state(&reader)
    }

    /// Reads `one-for-one`, or `one_for_one` as Erlang has it.
    private static func strategy(_ reader: inout SectionReader) -> Strategy? {
        if case .string(let text)? = reader.table["strategy"]?.node.content,
            let strategy = Strategy(rawValue: text.replacing("_", with: "-"))
        {
            reader.skip("strategy")
            return strategy
        }
        let word = reader.choice("strategy", among: Strategy.allCases.map(\.rawValue))
        return word.flatMap(Strategy.init(rawValue:))
    }

    private static func backoff(_ reader: inout SectionReader) -> Backoff {
        var backoff = Backoff()
        backoff.initial = reader.duration("initial", in: backoffBounds) ?? backoff.initial
        let longest = reader.duration("max", in: backoffBounds)
        backoff.max = longest ?? Swift.max(backoff.max, backoff.initial)
        backoff.factor = reader.integer("factor", in: factorBounds) ?? backoff.factor
        if let longest, longest < backoff.initial {
            reader.refuse(
                "max", "'max' is less than 'initial'", suggestion: "a wait grows up to 'max'")
        }
        return backoff
    }
}

extension ManifestParser {
    /// Reads `[[children]]`, in the order of the text, which is the order in which they start.
    mutating func children() -> [ChildDeclaration] {
        guard let entry = root.entry("children", expected: "an array of tables") else { return [] }
        guard case .array(let items) = entry.node.content else {
            root.mismatch(
                "children", "an array of tables", entry.node, "write [[children]] for each child")
            return []
        }
        var children: [(child: ChildDeclaration, place: ManifestPlace)] = []
        for (index, item) in items.enumerated() {
            guard index < Manifest.childrenMax else {
                root.add(
                    .outOfRange, at: item.place,
                    "a manifest declares at most \(Manifest.childrenMax) children",
                    "put some of them below another actor")
                break
            }
            guard case .table(let table) = item.content else {
                root.add(
                    .wrongType, at: item.place,
                    "each item of 'children' must be a table, found \(item.shown)",
                    "write [[children]] with a 'name' and a 'manifest'")
                continue
            }
            let text = text
            guard
                let child = root.read(
                    table, title: "[[children]]",
                    { reader in
                        ChildDeclaration(&reader, text: text)
                    })
            else { continue }
            let place = table["name"]?.node.place ?? table.place
            if let first = children.first(where: { $0.child.name == child.name }) {
                root.add(
                    .duplicateKey, at: place,
                    "a child is already named '\(child.name)' at "
                        + "\(first.place.line):\(first.place.column)", "rename one of the two")
            } else {
                children.append((child, place))
            }
        }
        return children.map(\.child)
    }
}

extension ChildDeclaration {
    init?(_ reader: inout SectionReader, text: String) {
        let name = reader.string("name", required: true)
        let expected = "the path of the child's manifest, relative to this file"
        let manifest = reader.string("manifest", required: true)
        if let name, !NameRules.isName(name, also: "_.", lengthMax: 64) {
            reader.refuse(
                "name",
                "'name' must be up to 64 of a-z, 0-9, '-', '_' and '.', "
                    + "starting with a letter or digit",
                suggestion: NameRules.proposal(for: name).map { "\"\($0)\" would do" })
        }
        if let manifest, let entry = reader.table["manifest"] {
            ReferenceRules.check(
                manifest, key: "manifest", entry, expected: expected, &reader)
        }
        self.init(name: name ?? "", manifest: manifest ?? "")
        restart = Self.restart(&reader) ?? restart
        shutdown = Self.shutdown(&reader) ?? shutdown
        state = Self.state(&reader) ?? state
        if let other = reader.table["initial_state_value"], reader.has("initial_state") {
            reader.add(
                .conflict, at: other.place,
                "'initial_state_value' and 'initial_state' exclude each other",
                "remove one of them")
        }
        initialState = reader.state(text: text)
        wasm = reader.string("wasm")
        if let wasm, let entry = reader.table["wasm"] {
            ReferenceRules.check(
                wasm, key: "wasm", entry,
                expected: "the path of the child's wasm, relative to this file", &reader)
        }
        guard name != nil, manifest != nil else { return nil }
    }

    static func restart(_ reader: inout SectionReader) -> Restart? {
        let word = reader.choice("restart", among: Restart.allCases.map(\.rawValue))
        return word.flatMap(Restart.init(rawValue:))
    }

    static func state(_ reader: inout SectionReader) -> StateSource? {
        let word = reader.choice("state", among: StateSource.allCases.map(\.rawValue))
        return word.flatMap(StateSource.init(rawValue:))
    }

    static func shutdown(_ reader: inout SectionReader) -> Shutdown? {
        let expected = "\"kill\", \"infinity\" or a duration such as \"5s\" up to 24h"
        guard let entry = reader.entry("shutdown", expected: expected) else { return nil }
        guard case .string(let text) = entry.node.content else {
            reader.mismatch("shutdown", expected, entry.node)
            return nil
        }
        switch text {
        case "kill": return .kill
        case "infinity": return .infinity
        default:
            guard let duration = DurationText.parse(text), duration <= .seconds(86_400) else {
                reader.mismatch("shutdown", expected, entry.node, code: .invalidValue)
                return nil
            }
            return .timeout(duration)
        }
    }
}
