// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterReplay
internal import TheaterValue

/// A debugger's place in a chain, moved by lines of text.
struct StepSession {
    private let history: ChainHistory
    private let width: Int
    /// The event that is looked at.
    private(set) var position: UInt64
    private var repeated = ""
    /// Whether the user has had enough.
    private(set) var isOver = false
    /// How many events a list shows.
    private static let listMax = 20

    init(_ history: ChainHistory, at position: UInt64, width: Int) {
        self.history = history
        self.position = position
        self.width = width
    }

    /// The commands, with what they do.
    static let help = """
        next [COUNT], n        one event forwards, or more
        back [COUNT], b        one event backwards, or more
        call, c                forwards to the beginning of the next call
        back-call, bc          backwards to the beginning of a call
        end, e                 forwards to the end of this call
        goto EVENT, g          to an event; also first and last
        show, s                the event in full
        list [COUNT], l        the events around this one
        state [PATH], st       the actor's state after the event, or a part of it: .orders[3].price
        before [PATH]          the state before the call of this event
        changes, ch            what the call of this event changes in the state
        messages [COUNT], m    messages, channels and calls of others up to here
        write PATH, w          back to the event that last changed a part of the state
        find TEXT, f           forwards to an event whose line has the text
        help, h                this list
        quit, q                the end
        An empty line repeats a movement.
        """

    /// Does what a line says and returns what to show.
    mutating func perform(_ line: String) throws(ReplayError) -> [String] {
        let words = line.split(separator: " ", maxSplits: 1)
        guard let command = words.first.map(String.init) else {
            return repeated.isEmpty ? [] : try perform(repeated)
        }
        let argument = words.count > 1 ? String(words[1].withoutBlanksAround) : ""
        if let moved = try move(command, argument) {
            repeated = line
            return moved
        }
        switch command {
        case "show", "s":
            return try history.event(position).map { EventText.full($0) } ?? []
        case "list", "l": return try list(argument)
        case "state", "st":
            return try shown(history.state(after: position), argument)
        case "before":
            let start = history.call(at: position)?.sequence ?? position
            return try shown(start == 0 ? nil : history.state(after: start - 1), argument)
        case "changes", "ch": return try changes()
        case "messages", "m": return try messages(argument)
        case "help", "h": return Self.help.split(separator: "\n").map(String.init)
        case "quit", "q":
            isOver = true
            return []
        default:
            return ["'\(Printable.line(command, sizeMax: 64))' is no command; see help"]
        }
    }

    // MARK: Moving

    /// Moves; `nil` when the command is no movement.
    private mutating func move(
        _ command: String, _ argument: String
    ) throws(ReplayError) -> [String]? {
        switch command {
        case "next", "n", "back", "b":
            guard let count = argument.isEmpty ? 1 : UInt64(argument) else {
                return ["'\(Printable.line(argument, sizeMax: 64))' is no number of events"]
            }
            let isForwards = command.hasPrefix("n")
            let room = isForwards ? history.count - 1 - position : position
            guard room > 0 else {
                return [isForwards ? "the chain ends here" : "the chain begins here"]
            }
            return try go(isForwards ? position + min(count, room) : position - min(count, room))
        case "first": return try go(0)
        case "last": return try go(history.count - 1)
        case "goto", "g":
            guard let number = UInt64(argument), number < history.count else {
                return ["goto takes the number of an event, from 0 to \(history.count - 1)"]
            }
            return try go(number)
        case "call", "c":
            guard let call = history.call(after: position) else { return ["no call follows"] }
            return try go(call.sequence)
        case "back-call", "bc":
            guard let call = history.call(before: position) else {
                return ["no call begins before this event"]
            }
            return try go(call.sequence)
        case "end", "e":
            guard let call = history.call(at: position) else {
                return ["the event belongs to no call"]
            }
            return try go(call.end)
        case "write", "w": return try goToWrite(argument)
        case "find", "f": return try find(argument)
        default: return nil
        }
    }

    private mutating func go(_ place: UInt64) throws(ReplayError) -> [String] {
        position = place
        return try here()
    }

    /// The event that is looked at, on a line, and the call it belongs to.
    func here() throws(ReplayError) -> [String] {
        guard let event = try history.event(position) else { return [] }
        var lines = [EventText.line(event, width: width)]
        if let call = history.call(at: position), call.sequence != position {
            lines.append(
                Printable.cut(
                    "       in the call of \(Printable.line(call.function, sizeMax: 256)) (event "
                        + "\(call.sequence) to \(call.end))", to: width))
        }
        return lines
    }

    private mutating func goToWrite(_ argument: String) throws(ReplayError) -> [String] {
        guard let path = ValuePath(argument) else { return [Self.badPath(argument)] }
        var write: ChainHistory.Write?
        do throws(ReplayError) {
            write = try history.lastWrite(of: path, upTo: position)
            // Asked again at a write: the one before it.
            if let found = write, found.sequence == position {
                write = position == 0 ? nil : try history.lastWrite(of: path, upTo: position - 1)
            }
        } catch {
            guard error.code == .payloadDropped else { throw error }
            return [error.message]
        }
        guard let write else { return ["nothing changed it before this event"] }
        var lines = try go(write.sequence)
        lines.append(
            "       "
                + ReplayText.line(
                    ValueDifference(path: argument, left: write.before, right: write.after)))
        return lines
    }

    private mutating func find(_ text: String) throws(ReplayError) -> [String] {
        guard !text.isEmpty else { return ["find what?"] }
        var place = position + 1
        while place < history.count {
            guard let event = try history.event(place) else { break }
            if EventText.line(event, width: .max).contains(text) { return try go(place) }
            place += 1
        }
        return ["no event behind this one has '\(Printable.line(text, sizeMax: 256))'"]
    }

    // MARK: Looking

    private func list(_ argument: String) throws(ReplayError) -> [String] {
        guard let count = argument.isEmpty ? 9 : UInt64(argument), count > 0 else {
            return ["list takes a number of events"]
        }
        let shown = min(count, 1000)
        let first = position - min(position, (shown - 1) / 2)
        var lines: [String] = []
        for sequence in first..<min(history.count, first + shown) {
            guard let event = try history.event(sequence) else { break }
            lines.append(
                (sequence == position ? ">" : " ")
                    + EventText.line(event, width: max(1, width - 1)))
        }
        return lines
    }

    private func shown(_ state: Value?, _ argument: String) throws(ReplayError) -> [String] {
        guard let path = ValuePath(argument) else { return [Self.badPath(argument)] }
        guard let state else { return ["the state is not known"] }
        guard let part = path.find(in: state) else {
            return ["the state has nothing at '\(Printable.line(argument, sizeMax: 256))'"]
        }
        let options = ValueText.Options(limit: EventText.valueSizeMax, width: width)
        return ValueText.print(part, options: options).split(separator: "\n").map(String.init)
    }

    private func changes() throws(ReplayError) -> [String] {
        guard let call = history.call(at: position) else {
            return ["the event belongs to no call"]
        }
        let before = call.sequence == 0 ? nil : try history.state(after: call.sequence - 1)
        let after = try history.state(after: call.end)
        guard let before, let after else { return ["the state is not known"] }
        let differences = ValueDiff.differences(before, after, countMax: 64)
        guard !differences.isEmpty else { return ["the call leaves the state as it is"] }
        return differences.map(ReplayText.line)
    }

    private func messages(_ argument: String) throws(ReplayError) -> [String] {
        guard let count = argument.isEmpty ? Self.listMax : Int(argument), count > 0 else {
            return ["messages takes a number"]
        }
        var found: [String] = []
        var place = position
        while found.count < min(count, 1000) {
            guard let event = try history.event(place) else { break }
            if Self.isMessage(event) { found.append(EventText.line(event, width: width)) }
            guard place > 0 else { break }
            place -= 1
        }
        return found.isEmpty ? ["no message up to here"] : found.reversed()
    }

    /// Whether an event is something between actors: a callback, or a call of their host functions.
    private static func isMessage(_ event: ChainEvent) -> Bool {
        if event.type.hasPrefix("theater:simple/message-server-host/")
            || event.type.hasPrefix("theater:simple/rpc/")
        {
            return true
        }
        guard event.type == EventType.called.name,
            case .called(let function, _, _, _)? = try? event.decodedPayload()
        else { return false }
        return function.hasPrefix("theater:simple/message-server-client.")
    }

    private static func badPath(_ text: String) -> String {
        "'\(Printable.line(text, sizeMax: 256))' is no path; write it as .orders[3].price"
    }
}
