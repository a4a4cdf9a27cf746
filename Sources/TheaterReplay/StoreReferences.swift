// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterPlatform
internal import TheaterValue

/// What an actor has in the content store, as far as its chain tells: content that it stored, fetched or
/// labelled, and the labels that it set.
///
/// Others may share the namespace, so the store itself can have more and other labels by now.
public struct StoreReferences: Sendable, Hashable {
    /// Something in a namespace.
    public struct Name: Sendable, Hashable, Comparable, CustomStringConvertible {
        /// The namespace; `nil` for the actor's own.
        public let store: String?
        /// The label or the digest.
        public let item: String

        /// Orders by namespace, the own one first, then by what is in it.
        public static func < (left: Name, right: Name) -> Bool {
            (left.store ?? "", left.item) < (right.store ?? "", right.item)
        }

        /// The namespace, if it is not the actor's own, and what is in it.
        public var description: String { store.map { "\($0)/\(item)" } ?? item }
    }

    /// The content, by its digest.
    public private(set) var content: Set<Name> = []
    /// What the labels name.
    public private(set) var labels: [Name: String] = [:]
    /// The call whose intent was read.
    private var begun: (sequence: UInt64, arguments: [Value])?

    /// Reads events to their end.
    public init(_ events: ReplayEvents) throws(ReplayError) {
        while let event = try events.next() { take(event) }
        begun = nil
    }

    /// Makes references of events in memory.
    init(_ events: [ChainEvent]) {
        for event in events { take(event) }
        begun = nil
    }

    private mutating func take(_ event: ChainEvent) {
        guard event.type.hasPrefix(Self.interface), let payload = try? event.decodedPayload()
        else { return }
        switch payload {
        case .hostCall(_, let function, let input, let output):
            note(function, Self.arguments(input), output, of: event)
        case .intent(_, _, let input, _, _): begun = (event.sequence, Self.arguments(input))
        case .outcome(_, let function, let intent, let output):
            if let begun, begun.sequence == intent {
                note(function, begun.arguments, output, of: event)
            }
        default: break
        }
    }

    private static let interface = "theater:simple/store"

    private static func arguments(_ input: [UInt8]) -> [Value] {
        guard case .tuple(let items)? = try? CGRF.decode(input) else { return [] }
        return items
    }

    /// Notes what a call that succeeded did.
    private mutating func note(
        _ function: String, _ arguments: [Value], _ output: [UInt8], of event: ChainEvent
    ) {
        guard case .result(_, _, .ok(let answer))? = try? CGRF.decode(output),
            let store = arguments.first?.asString
        else { return }
        func name(_ item: String) -> Name {
            Name(store: store == event.actor.description ? nil : store, item: item)
        }
        func text(_ index: Int) -> String? {
            arguments.indices.contains(index) ? arguments[index].asString : nil
        }
        switch function {
        case "store":
            if let digest = answer.asString { content.insert(name(digest)) }
        case "get": if let digest = text(1) { content.insert(name(digest)) }
        case "forget": if let digest = text(1) { content.remove(name(digest)) }
        case "get-by-label":
            guard let label = text(1), case .option(_, let target) = answer else { return }
            set(name(label), to: target?.asString, in: name)
        case "store-at-label", "replace-content-at-label":
            if let label = text(1) { set(name(label), to: answer.asString, in: name) }
        case "label", "replace-at-label":
            if let label = text(1) { set(name(label), to: text(2), in: name) }
        case "remove-label": if let label = text(1) { labels[name(label)] = nil }
        case "remove-from-label":
            if let label = text(1), labels[name(label)] == text(2) { labels[name(label)] = nil }
        case "compare-and-set-label":
            guard let label = text(1), answer == .bool(true), arguments.indices.contains(3),
                case .option(_, let target) = arguments[3]
            else { return }
            set(name(label), to: target?.asString, in: name)
        default: break
        }
    }

    private mutating func set(_ label: Name, to digest: String?, in name: (String) -> Name) {
        labels[label] = digest
        if let digest { content.insert(name(digest)) }
    }
}

extension StoreReferences {
    /// A label that does not name the same on both sides.
    public struct LabelDifference: Sendable, Hashable {
        /// The label.
        public let label: Name
        /// What it names on the left.
        public let left: String?
        /// What it names on the right.
        public let right: String?
    }

    /// The labels that do not name the same in both, in order.
    public static func labelDifferences(
        _ left: StoreReferences, _ right: StoreReferences
    ) -> [LabelDifference] {
        Set(left.labels.keys).union(right.labels.keys)
            .filter { left.labels[$0] != right.labels[$0] }.sorted()
            .map {
                LabelDifference(label: $0, left: left.labels[$0], right: right.labels[$0])
            }
    }

    /// Whether both are the same.
    public static func == (left: StoreReferences, right: StoreReferences) -> Bool {
        left.content == right.content && left.labels == right.labels
    }

    /// Feeds what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(content)
        hasher.combine(labels)
    }
}
