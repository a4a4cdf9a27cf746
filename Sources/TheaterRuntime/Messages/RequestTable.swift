// SPDX-License-Identifier: Apache-2.0

/// The identity of a request, for the receiver's eyes only.
struct RequestID: Hashable, Sendable, Comparable {
    let number: UInt64

    init(number: UInt64) { self.number = number }

    /// Parses the printed form; `nil` for anything else.
    init?(_ text: String) {
        guard text.utf8.first == UInt8(ascii: "r"),
            let number = UInt64(text.dropFirst(), radix: 36)
        else { return nil }
        self.number = number
        // Other spellings of the same number are not its printed form.
        guard description == text else { return nil }
    }

    static func < (left: RequestID, right: RequestID) -> Bool { left.number < right.number }
}

extension RequestID: CustomStringConvertible {
    /// `r` and up to 13 digits: short enough to need no memory of its own.
    var description: String { "r" + String(number, radix: 36) }
}

/// The requests that one receiver has not answered.
///
/// A request is *delivered* until its callback is over, then *deferred* if the callback gave no answer.
/// Whoever takes it out of the table answers the one who waits: the receiver, its end, or nobody when
/// the one who waits has gone.
struct RequestTable<Requester: Sendable>: Sendable {
    private enum Phase {
        case delivered(Requester)
        case deferred(Requester)
        /// Answered within its callback, which is not over.
        case answered
        /// Nobody waits any more, and its callback is not over.
        case left
        /// Nobody waits any more, and the receiver may still try to answer.
        case gone
    }

    /// Why a receiver cannot answer.
    enum Refusal: Error, Equatable {
        case unknown
        case requesterGone
    }

    private var requests: [UInt64: Phase] = [:]
    /// Deferred requests whose requesters have gone, oldest first.
    private var gone: [UInt64] = []
    private var next: UInt64
    private var isClosed = false
    /// How many may be unanswered.
    let capacity: Int
    private(set) var unanswered = 0

    /// Makes an empty table.
    ///
    /// - Parameter first: the first request's number; random, so that a restarted actor does not
    ///   take an earlier life's requests for its own.
    init(first: UInt64, capacity: Int) {
        next = first
        self.capacity = capacity
    }

    /// Takes a request in; `nil` when there are too many, or the receiver is over.
    mutating func accept(_ requester: Requester) -> RequestID? {
        guard unanswered < capacity, !isClosed else { return nil }
        defer { next &+= 1 }
        requests[next] = .delivered(requester)
        unanswered += 1
        return RequestID(number: next)
    }

    /// The callback is over, with an answer or an error.
    ///
    /// - Returns: who gets it; `nil` when nobody waits any more.
    mutating func finished(_ id: RequestID) -> Requester? {
        guard let phase = requests.removeValue(forKey: id.number) else { return nil }
        guard case .delivered(let requester) = phase else { return nil }
        unanswered -= 1
        return requester
    }

    /// The callback is over, and the answer comes later.
    mutating func deferred(_ id: RequestID) {
        switch requests[id.number] {
        case .delivered(let requester)?: requests[id.number] = .deferred(requester)
        case .answered?: requests[id.number] = nil
        case .left?: bury(id)
        case .deferred?, .gone?, nil: break
        }
    }

    /// The receiver answers or cancels.
    ///
    /// - Returns: who waits for it.
    mutating func take(_ id: RequestID) throws(Refusal) -> Requester {
        switch requests[id.number] {
        case .delivered(let requester)?:
            requests[id.number] = .answered
            unanswered -= 1
            return requester
        case .deferred(let requester)?:
            requests[id.number] = nil
            unanswered -= 1
            return requester
        case .left?: throw .requesterGone
        case .gone?:
            requests[id.number] = nil
            gone.removeAll { $0 == id.number }
            throw .requesterGone
        case .answered?, nil: throw .unknown
        }
    }

    /// The one who waits has gone: its time was over, or it ended.
    mutating func abandon(_ id: RequestID) {
        switch requests[id.number] {
        case .delivered?:
            requests[id.number] = .left
            unanswered -= 1
        case .deferred?:
            unanswered -= 1
            bury(id)
        case .answered?, .left?, .gone?, nil: break
        }
    }

    /// The receiver is over.
    ///
    /// - Returns: who waits for an answer, in the order of the requests.
    mutating func close() -> [Requester] {
        isClosed = true
        defer {
            requests = [:]
            gone = []
            unanswered = 0
        }
        return requests.sorted { $0.key < $1.key }.compactMap { _, phase in
            switch phase {
            case .delivered(let requester), .deferred(let requester): requester
            case .answered, .left, .gone: nil
            }
        }
    }

    /// The requests that were deferred and are not answered, oldest first.
    var outstanding: [RequestID] {
        requests.compactMap { number, phase in
            if case .deferred = phase { RequestID(number: number) } else { nil }
        }.sorted()
    }

    /// How many requests are remembered, answered or not.
    var count: Int { requests.count }

    /// Remembers that nobody waits, so that the receiver learns it; the oldest such memory makes room.
    private mutating func bury(_ id: RequestID) {
        requests[id.number] = .gone
        gone.append(id.number)
        if gone.count > capacity { requests[gone.removeFirst()] = nil }
    }
}
