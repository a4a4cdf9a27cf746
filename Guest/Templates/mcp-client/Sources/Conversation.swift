// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// One request at a time, each with a time limit.
extension State {
    /// How long the server has for one answer, in milliseconds.
    static let timeout: UInt64 = 5000

    /// Sends a request, and notes what it is for.
    mutating func ask(_ purpose: Purpose, _ line: (UInt64) -> [UInt8]) throws(Failure) {
        requests += 1
        waiting = Request(id: requests, purpose: purpose)
        try write(line(requests))
        _ = try TimerOnce.setTimeout("request-\(requests)", delayMs: Self.timeout)
    }

    /// Writes a line. A server for whose input there is no more room does not read it. Of one that is over, or has closed
    /// its input, the end is heard next, with its code, or the time of the request is over.
    func write(_ line: [UInt8]) throws(Failure) {
        do throws(Failure) {
            let count = try Process.osWriteStdin(server, data: line)
            guard count == line.count else { throw Failure("the server does not read its input") }
        } catch {
            let isOver =
                error.has(code: "process.input-closed") || error.has(code: "process.not-running")
            guard isOver else { throw error }
        }
    }

    /// What an answer is for; `nil` when nobody waits for it.
    mutating func answered(_ id: UInt64) -> Purpose? {
        guard let request = waiting, request.id == id else { return nil }
        waiting = nil
        // The timer may have ticked already; then its tick finds nobody who waits.
        _ = try? Timer.clearInterval("request-\(id)")
        return request.purpose
    }

    /// Whether the request still waits that a timer was set for.
    func isExpired(_ timer: String) -> Bool {
        guard let request = waiting else { return false }
        return timer.utf8.elementsEqual("request-\(request.id)".utf8)
    }
}
