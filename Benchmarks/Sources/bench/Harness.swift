// SPDX-License-Identifier: Apache-2.0

/// How often things are measured.
struct Rounds: Sendable {
    /// Rounds that count.
    var count: Int
    /// Rounds before them that do not.
    var warmUp: Int

    /// Measures ours and the peer's in turn, peer first, ABAB…, and drops the warm-up.
    ///
    /// The ratio is taken round by round: what disturbs the machine for longer than a round disturbs
    /// both sides of it.
    ///
    /// - Parameters:
    ///   - figure: what is measured; its numbers are filled in.
    ///   - times: how often one round does it, on either side.
    ///   - peer: one round of the peer; `nil` when there is none.
    ///   - peerProcessor: the nanoseconds of processor time that the peer has used; this process's own
    ///     unless the peer is another.
    ///   - afterwards: is done after each round that counts, and counts for nobody.
    ///   - ours: one round of ours.
    func measure(
        _ figure: Figure, times: Int, peer: (() throws -> Double)? = nil,
        peerProcessor: () -> Int64 = processorNanoseconds,
        afterwards: () throws -> Void = {}, ours: () async throws -> Double
    ) async throws -> Figure {
        var peers: [Double] = []
        var mine: [Double] = []
        var peersProcessor: [Double] = []
        var mineProcessor: [Double] = []
        for round in 0..<(warmUp + count) {
            let peerStart = peerProcessor()
            let theirs = try peer?()
            let peerEnd = peerProcessor()
            let start = processorNanoseconds()
            let own = try await ours()
            let end = processorNanoseconds()
            guard round >= warmUp else { continue }
            try afterwards()
            mine.append(own)
            mineProcessor.append(Double(end - start) / Double(times))
            guard let theirs else { continue }
            peers.append(theirs)
            peersProcessor.append(Double(peerEnd - peerStart) / Double(times))
        }
        var figure = figure
        figure.ours = Distribution(mine)
        figure.oursProcessor = Distribution(mineProcessor)
        figure.peer = Distribution(peers)
        figure.peerProcessor = Distribution(peersProcessor)
        figure.ratio = Distribution(zip(mine, peers).map { $0 / $1 })
        return figure
    }
}

/// One thing to measure, which may make several figures.
struct Row: Sendable {
    /// Where it is measured.
    enum Place: Sendable {
        /// In this process, among the others.
        case here
        /// In a process of its own, on that many cores; `nil` for all.
        case alone(cores: Int?)
    }

    /// The beginning of its figures' names.
    let name: String
    let place: Place
    let run: @Sendable (Setting) async throws -> [Figure]
}

/// What rows need to know.
struct Setting: Sendable {
    var rounds: Rounds
    /// A folder of this run's own, on the disk that is measured.
    var folder: String
    /// The command line tool; `nil` when it is not built.
    var theater: String?
    /// The compiled Erlang programs; `nil` when there is no Erlang.
    var erlang: String?
    /// The program for Node; `nil` when there is no Node.
    var node: String?
    /// Divides the work of each round, for a quick look.
    var divisor: Int

    /// So many repetitions, fewer for a quick look.
    func times(_ count: Int) -> Int { max(1, count / divisor) }
}

/// A measurement that could not be made.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Keeps a value from being optimised away.
@inline(never) func consume<Value>(_ value: Value) {}
