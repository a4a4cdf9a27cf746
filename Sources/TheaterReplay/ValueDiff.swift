// SPDX-License-Identifier: Apache-2.0

public import TheaterValue

/// A place where two values differ.
public struct ValueDifference: Sendable, Hashable {
    /// The place, such as `.orders[3].price`; empty for the values as a whole.
    public let path: String
    /// What the left value has there; `nil` when it has nothing.
    public let left: Value?
    /// What the right value has there; `nil` when it has nothing.
    public let right: Value?

    /// Makes a difference.
    public init(path: String, left: Value?, right: Value?) {
        self.path = path
        self.left = left
        self.right = right
    }
}

/// Compares values by their parts.
///
/// A path is `.name` for a field of a record, `.0` for an item of a tuple or a variant's payload,
/// `[0]` for an item of a list, `.some`, `.ok` and `.err` for what options and results hold.
public enum ValueDiff {
    /// The places where two values differ, in the order of the values, at most so many.
    public static func differences(
        _ left: Value, _ right: Value, countMax: Int = 16
    ) -> [ValueDifference] {
        var walk = Walk(countMax: countMax)
        walk.compare(left, right, "")
        return walk.found
    }

    private struct Walk {
        let countMax: Int
        var found: [ValueDifference] = []

        mutating func add(_ path: String, _ left: Value?, _ right: Value?) {
            if found.count < countMax {
                found.append(ValueDifference(path: path, left: left, right: right))
            }
        }

        mutating func compare(_ left: Value, _ right: Value, _ path: String) {
            guard left != right, found.count < countMax else { return }
            switch (left, right) {
            case (.record(let a), .record(let b)) where a.typeName == b.typeName:
                fields(left, right, a, b, path)
            case (.tuple(let a), .tuple(let b)) where !a.isEmpty && !b.isEmpty:
                items(a, b) { "\(path).\($0)" }
            case (.list(let type, let a), .list(let other, let b)) where type == other:
                items(a, b) { "\(path)[\($0)]" }
            case (.array(let a), .array(let b)) where a.element == b.element: packed(a, b, path)
            case (.option(let type, let a?), .option(let other, let b?)) where type == other:
                compare(a, b, path + ".some")
            case (.result(let ok, let err, .ok(let a)), .result(let ok2, let err2, .ok(let b)))
            where ok == ok2 && err == err2:
                compare(a, b, path + ".ok")
            case (.result(let ok, let err, .err(let a)), .result(let ok2, let err2, .err(let b)))
            where ok == ok2 && err == err2:
                compare(a, b, path + ".err")
            case (.variant(let a), .variant(let b))
            where a.tag == b.tag && a.typeName == b.typeName && a.caseName == b.caseName:
                items(a.payload, b.payload) { "\(path).\($0)" }
            default: add(path, left, right)
            }
        }

        private mutating func fields(
            _ left: Value, _ right: Value, _ a: Value.Record, _ b: Value.Record, _ path: String
        ) {
            guard a.fields.map(\.name) == b.fields.map(\.name) else {
                return add(path, left, right)
            }
            for (one, other) in zip(a.fields, b.fields) {
                compare(one.value, other.value, "\(path).\(one.name)")
            }
        }

        private mutating func items(_ a: [Value], _ b: [Value], _ place: (Int) -> String) {
            for index in 0..<max(a.count, b.count) {
                guard found.count < countMax else { return }
                if index < a.count, index < b.count {
                    compare(a[index], b[index], place(index))
                } else {
                    add(
                        place(index), index < a.count ? a[index] : nil,
                        index < b.count ? b[index] : nil)
                }
            }
        }

        private mutating func packed(_ a: PackedArray, _ b: PackedArray, _ path: String) {
            for index in 0..<max(a.count, b.count) {
                guard found.count < countMax else { return }
                let (one, other) = (a[checked: index], b[checked: index])
                if one != other { add("\(path)[\(index)]", one, other) }
            }
        }
    }
}

/// A place in a value, as ``ValueDiff`` writes it.
public struct ValuePath: Sendable, Hashable {
    private enum Step: Sendable, Hashable {
        case name(String)
        case index(Int)
    }

    private let steps: [Step]

    /// Reads a path such as `.orders[3].price`; the first dot may be left out. `nil` when the text is
    /// none.
    public init?(_ text: String) {
        var steps: [Step] = []
        var name = ""
        var isIndex = false
        func finish() -> Bool {
            if isIndex { return false }
            if !name.isEmpty { steps.append(.name(name)) }
            name = ""
            return true
        }
        for character in text {
            switch character {
            case ".": guard finish() else { return nil }
            case "[":
                guard finish() else { return nil }
                isIndex = true
            case "]":
                guard isIndex, let index = Int(name), index >= 0 else { return nil }
                steps.append(.index(index))
                (name, isIndex) = ("", false)
            default: name.append(character)
            }
        }
        guard finish() else { return nil }
        self.steps = steps
    }

    /// What a value has at this place; `nil` when it has nothing there.
    public func find(in value: Value) -> Value? {
        var value = value
        for step in steps {
            guard let next = Self.step(step, value) else { return nil }
            value = next
        }
        return value
    }

    private static func step(_ step: Step, _ value: Value) -> Value? {
        func item(_ items: [Value], _ index: Int) -> Value? {
            items.indices.contains(index) ? items[index] : nil
        }
        switch (step, value) {
        case (.name(let name), .record(let record)):
            return record.fields.first { $0.name == name }?.value
        case (.name(let name), .tuple(let items)):
            return Int(name).flatMap { item(items, $0) }
        case (.name(let name), .variant(let variant)):
            return Int(name).flatMap { item(variant.payload, $0) }
        case (.name("some"), .option(_, let inner)): return inner
        case (.name("ok"), .result(_, _, .ok(let inner))): return inner
        case (.name("err"), .result(_, _, .err(let inner))): return inner
        case (.index(let index), .list(_, let items)): return item(items, index)
        case (.index(let index), .array(let items)): return items[checked: index]
        default: return nil
        }
    }
}
