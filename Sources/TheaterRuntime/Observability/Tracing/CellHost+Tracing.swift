// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler

extension CellHost {
    /// Asks a handler. What it causes, now or later, belongs to the running host call.
    func ask(_ handler: Int, _ call: HostCall) -> HostReply {
        guard let tracer = recorder.tracer else { return handlers[handler].answer(call) }
        switch tracer.within({ handlers[handler].answer(call) }) {
        case .later(let operation): return .later(tracer.bind(operation))
        case .parked(let start): return .parked { answering in tracer.within { start(answering) } }
        case let answer: return answer
        }
    }
}
