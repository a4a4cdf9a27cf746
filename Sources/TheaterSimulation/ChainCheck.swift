// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterPlatform
internal import TheaterValue

/// Reads a chain as the record of an actor's lives, and says where it is not one.
struct ChainCheck {
    /// What became of a call that the chain has.
    enum Outcome: Hashable {
        case value
        case error
        case failed(String)
    }

    struct Call {
        let function: String
        let number: UInt64?
        let arguments: [Value]
        let life: Int
        let time: Int64
        var outcome: Outcome?
    }

    private static let stateful = Set(ScriptedGuest.scripted)

    let actor: ActorID
    private let fuelPerCall: UInt64
    private let fuelPerLife: UInt64
    private(set) var calls: [Call] = []
    private(set) var lives = 0
    /// When each life ended.
    private(set) var ends: [Int64] = []
    private(set) var exits: [String] = []
    private(set) var hashes: [Digest] = []
    /// When those lives ended that another one followed.
    private(set) var restarts: [Int64] = []
    private var lastExit: Int64 = 0
    private(set) var problems: [String] = []
    private var isAlive = false
    private var isOpen = false
    private var state = Value.unit
    /// What the open call may burn, and what the life has burnt.
    private var allowance: UInt64 = 0
    private var burnt: UInt64 = 0

    init(_ actor: ActorID, fuelPerCall: UInt64, fuelPerLife: UInt64?) {
        self.actor = actor
        self.fuelPerCall = fuelPerCall
        self.fuelPerLife = fuelPerLife ?? .max
    }

    /// Takes the next event.
    mutating func take(_ event: EventPayload, at time: WallTime, hash: Digest) {
        hashes.append(hash)
        switch event {
        case .spawned(_, _, _, _, _, let bytes):
            if isAlive { report("begins a life before the last one is over") }
            isAlive = true
            isOpen = false
            burnt = 0
            if lives > 0 { restarts.append(lastExit) }
            lives += 1
            state = decode(bytes)
        case .upgrade: report("has other code, and the script exchanges none")
        case .forked: report("is a fork, and the script makes none")
        case .called(let function, let bytes, let fuel, _):
            called(function, bytes, at: time)
            allowance = fuel ?? .max
            if allowance > fuelPerCall || allowance > fuelPerLife - min(burnt, fuelPerLife) {
                report("'\(function)' may burn \(allowance), more than its limits leave")
            }
        case .returned(let function, let output, _, let used):
            returned(function, output)
            if used > allowance {
                report("'\(function)' burnt \(used) of \(allowance)")
            }
            burnt += used
        case .failed(let function, let kind, _):
            if !isOpen || calls.last?.function != function {
                report("'\(function)' failed uncalled")
            }
            close(.failed(kind))
        case .hostCall, .hostError, .denied, .limit, .intent, .outcome, .outcomeError, .settled:
            if !isOpen { report("\(event.type) happened outside of a call") }
        case .note: break
        case .exited(let kind, _, _):
            if !isAlive { report("ends twice") }
            if isOpen { report("ends inside of '\(calls.last?.function ?? "")'") }
            isAlive = false
            exits.append(kind)
            lastExit = time.nanoseconds
            ends.append(lastExit)
        }
    }

    /// The chain has no more events.
    mutating func finish() {
        if isAlive { report("has no end") }
    }

    private mutating func called(_ function: String, _ bytes: [UInt8], at time: WallTime) {
        if !isAlive { report("'\(function)' is called after the end") }
        if isOpen { report("'\(function)' is called inside of '\(calls.last?.function ?? "")'") }
        isOpen = true
        let value = decode(bytes)
        let isStateful = Self.stateful.contains(function)
        let items = isStateful ? value.asItems ?? [] : [value]
        if isStateful, items.first != state {
            report("'\(function)' gets another state than the last call left")
        }
        let arguments = isStateful ? Array(items.dropFirst()) : items
        var number: UInt64?
        if case .u64(let count)? = arguments.last { number = count }
        if let body = arguments.last?.asBytes, body.count == 8 {
            number = ScriptHandler.number(body)
        }
        calls.append(
            Call(
                function: function, number: number == 0 ? nil : number, arguments: arguments,
                life: lives, time: time.nanoseconds))
    }

    private mutating func returned(_ function: String, _ output: [UInt8]) {
        if !isOpen || calls.last?.function != function { report("'\(function)' returned uncalled") }
        guard Self.stateful.contains(function), case .result(_, _, let result) = decode(output)
        else { return close(.value) }
        switch result {
        case .ok(let value):
            if let first = value.asItems?.first { state = first }
            close(.value)
        case .err: close(.error)
        }
    }

    private mutating func close(_ outcome: Outcome) {
        isOpen = false
        if !calls.isEmpty { calls[calls.count - 1].outcome = outcome }
    }

    private mutating func decode(_ bytes: [UInt8]) -> Value {
        do throws(CGRFError) {
            return try CGRF.decode(bytes)
        } catch {
            report("has bytes that do not decode: \(error)")
            return .unit
        }
    }

    private mutating func report(_ problem: String) {
        problems.append("the chain of \(actor): \(problem)")
    }
}
