// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterReplay

/// What tells two chains apart, as text and as JSON.
struct DiffText {
    typealias Point = (chain: ChainSummary, last: UInt64)

    /// What is known of the memories.
    enum Memory {
        /// Nobody wants to know.
        case leftOut
        /// One of the two cannot be looked at.
        case unknown(ReplayError)
        case compared(MemoryDifference)
    }

    let diff: ChainDiff
    let left: Point
    let right: Point
    /// What only one of the two has in the store.
    private let leftContent: [StoreReferences.Name]
    private let rightContent: [StoreReferences.Name]
    private let labels: [StoreReferences.LabelDifference]
    private let memory: Memory

    /// How many things of one kind are listed.
    private static let listedMax = 64

    init(
        diff: ChainDiff, left: Point, right: Point, leftReferences: StoreReferences,
        rightReferences: StoreReferences, memory: Memory
    ) {
        (self.diff, self.left, self.right, self.memory) = (diff, left, right, memory)
        leftContent = leftReferences.content.subtracting(rightReferences.content).sorted()
        rightContent = rightReferences.content.subtracting(leftReferences.content).sorted()
        labels = StoreReferences.labelDifferences(leftReferences, rightReferences)
    }

    /// Whether nothing that was compared differs.
    var isSame: Bool {
        if case .compared(let difference) = memory, difference.count > 0 { return false }
        return diff.isEmpty && leftContent.isEmpty && rightContent.isEmpty && labels.isEmpty
    }

    /// The difference for people.
    func lines(width: Int) -> [String] {
        var lines = [
            "left   \(Self.name(left))", "right  \(Self.name(right))",
            "the first \(ChainText.events(diff.commonCount)) are the same, "
                + "\(diff.leftCount) follow on the left and \(diff.rightCount) on the right",
        ]
        for (side, event) in [("left ", diff.left), ("right", diff.right)] {
            guard let event else { continue }
            lines.append("\(side)  \(EventText.line(event, width: max(1, width - 7)))")
        }
        if diff.states.isEmpty {
            lines.append("the states are the same")
        } else {
            lines.append("the states differ, left -> right:")
            lines += diff.states.map { "  " + ReplayText.line($0) }
        }
        for (side, content) in [("left", leftContent), ("right", rightContent)]
        where !content.isEmpty {
            lines.append("content that only the \(side) has:")
            lines += Self.listed(content) { Printable.line($0.description, sizeMax: 256) }
        }
        if !labels.isEmpty {
            lines.append("labels that do not name the same, left -> right:")
            lines += Self.listed(labels) {
                "\(Printable.line($0.label.description, sizeMax: 600)): \($0.left ?? "nothing") -> "
                    + ($0.right ?? "nothing")
            }
        }
        return lines + memoryLines()
    }

    private func memoryLines() -> [String] {
        switch memory {
        case .leftOut: return []
        case .unknown(let error): return ["the memories are not compared: \(error)"]
        case .compared(let difference) where difference.count == 0:
            return ["the memories are the same, \(difference.leftCount) pages"]
        case .compared(let difference):
            return [
                "\(difference.count) pages of the memories differ, of \(difference.leftCount) on the "
                    + "left and \(difference.rightCount) on the right:"
            ]
                + Self.listed(difference.ranges) { range in
                    let size = MemoryPages.pageSize
                    let (first, end) = (range.lowerBound * size, range.upperBound * size)
                    return "0x\(String(first, radix: 16)) to 0x\(String(end - 1, radix: 16)), "
                        + (range.count == 1 ? "1 page" : "\(range.count) pages")
                }
        }
    }

    private static func listed<Item>(_ items: [Item], _ text: (Item) -> String) -> [String] {
        items.prefix(listedMax).map { "  " + text($0) }
            + (items.count > listedMax ? ["  and \(items.count - listedMax) more"] : [])
    }

    private static func name(_ point: Point) -> String {
        let name = point.chain.name.map { " '\(Printable.line($0, sizeMax: 64))'" } ?? ""
        return "\(point.chain.actor)\(name) to event \(point.last)"
    }

    /// The difference for programs.
    func json() -> JSON {
        func side(_ point: Point, _ event: ChainEvent?, _ count: UInt64) -> JSON {
            .object([
                ("actor", .string(point.chain.actor.description)),
                ("event", .integer(point.last)), ("count", .integer(count)),
                ("first", event.map { EventFacts.json($0, isFull: false) } ?? .null),
            ])
        }
        return .object([
            ("same", .bool(isSame)), ("common", .integer(diff.commonCount)),
            ("left", side(left, diff.left, diff.leftCount)),
            ("right", side(right, diff.right, diff.rightCount)),
            ("states", .array(diff.states.map { ReplayText.json($0) })),
            (
                "content",
                .object([
                    ("left", Self.list(leftContent) { .string($0.description) }),
                    ("right", Self.list(rightContent) { .string($0.description) }),
                    ("left_count", .integer(UInt64(leftContent.count))),
                    ("right_count", .integer(UInt64(rightContent.count))),
                ])
            ),
            (
                "labels",
                .object([
                    ("count", .integer(UInt64(labels.count))),
                    (
                        "differ",
                        Self.list(labels) {
                            .object([
                                ("label", .string($0.label.description)),
                                ("left", .optional($0.left)), ("right", .optional($0.right)),
                            ])
                        }
                    ),
                ])
            ),
            ("memory", memoryJSON()),
        ])
    }

    private func memoryJSON() -> JSON {
        switch memory {
        case .leftOut: .null
        case .unknown(let error):
            .object([
                ("code", .string(error.code.rawValue)), ("message", .string(error.description)),
            ])
        case .compared(let difference):
            .object([
                ("page_size", .integer(UInt64(MemoryPages.pageSize))),
                ("left_pages", .integer(UInt64(difference.leftCount))),
                ("right_pages", .integer(UInt64(difference.rightCount))),
                ("count", .integer(UInt64(difference.count))),
                ("ranges_count", .integer(UInt64(difference.ranges.count))),
                (
                    "ranges",
                    Self.list(difference.ranges) {
                        .object([
                            ("first", .integer(UInt64($0.lowerBound))),
                            ("count", .integer(UInt64($0.count))),
                        ])
                    }
                ),
            ])
        }
    }

    private static func list<Item>(_ items: [Item], _ json: (Item) -> JSON) -> JSON {
        .array(items.prefix(listedMax).map(json))
    }
}
