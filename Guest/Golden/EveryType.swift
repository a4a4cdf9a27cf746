// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// Gives back what it is given, so that every type makes the way in and out.
enum Actor: Exports {
    static func initialize(_ argument: Argument) throws(Failure) -> Node {
        if let text = argument.text, text.isEmpty { throw Failure("an empty text") }
        _ = try argument.value()
        return Node(value: Int64(argument.bytes?.count ?? 0), next: nil, children: [])
    }

    static func numbers(v: Numbers) -> Numbers { v }
    static func everything(v: Everything) -> Everything { v }
    static func packed(v: Packed) -> Packed { v }
    static func empty(v: Empty) -> Empty { v }
    static func node(v: Node) -> Node { v }
    static func any(v: Value) -> Value { v }
    static func pair(v: PairOfNamesAndNumbers) -> PairOfNamesAndNumbers { v }
    static func single(v: UInt32) -> UInt32 { v }
    static func nothing() { print("nothing \(1)") }
    static func swap(first: UInt32, second: String) -> (String, UInt32) { (second, first) }
    static func fail(how: Problem) throws(Problem) -> UInt32 { throw how }
    static func refuse(code: UInt32) throws(Rejection<UInt32>) {
        if code > 0 { throw Rejection(code) }
    }
    static func outcome(v: Result<UInt32, Failure>) throws(Failure) -> Result<UInt32, Failure> { v }

    static func touch(_ state: inout Node) throws(Failure) { state.value += 1 }

    static func push(_ state: inout Node, value: Int64) throws(Failure) {
        state = Node(value: value, next: state, children: [])
    }

    static func measure(_ state: inout Node, again: Bool) throws(Problem) -> (UInt32, String) {
        guard again else { throw .denied("once is enough") }
        var length: UInt32 = 1
        var next = state.next
        while let node = next {
            length += 1
            next = node.next
        }
        return (length, "nodes")
    }

    static func callHost(_ state: inout Node, key: String) throws(Failure) -> Value? {
        state.value = Int64(KeyValueStore.now())
        state.value += Int64(KeyValueStore.countAll().1)
        try KeyValueStore.flush()
        do throws(Rejection<UInt32>) {
            try KeyValueStore.put(key, value: .bool(true), rights: [.read, .runAsRoot])
        } catch {
            throw Failure("refused with \(error.payload)")
        }
        do throws(Problem) {
            return try KeyValueStore.get(key)
        } catch {
            switch error {
            case .notFound: return nil
            case .denied(let why): throw Failure(why)
            }
        }
    }
}

typealias PairOfNamesAndNumbers = (String, UInt32)
