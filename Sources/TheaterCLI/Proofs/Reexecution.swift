// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterNode
internal import TheaterReplay

/// A verified bundle whose code is run against its events.
///
/// The signed checkpoint says that these are the events; that they are all that the code did, nothing
/// left out and nothing made up, is what running it again shows.
struct Reexecution {
    /// What the run found, up to the first event without a payload.
    let verdict: ReplayVerdict
    private let report: BundleReport
    private let recording: BundleRecording<FileSource>

    /// Runs the code.
    ///
    /// - Parameters:
    ///   - wasm: a module for lives whose module the bundle does not bring.
    ///   - progress: shows how far the run has come.
    init(
        _ report: BundleReport, bundle: String, wasm: [UInt8]?, _ progress: ProgressLine
    ) async throws(CLIError) {
        self.report = report
        recording = try BundleFile.recording(bundle)
        var options = Node.registry().replayOptions()
        options.observer = { progress.show($0.sequence + 1, of: report.count) }
        if let first = report.firstWithheld {
            guard first > 0 else { throw Self.incomplete(report, first) }
            options.until = first - 1
        }
        let engine = try ReplayEngine.make(dataDirectory: nil)
        do throws(ReplayError) {
            verdict = try await Replayer(
                engine: engine,
                library: BundleCode(recording: recording, wasm: wasm, isRebuilt: false),
                options: options
            ).replay(recording.events())
        } catch {
            throw CLIError(error)
        }
    }

    /// Why the run does not show that the chain is complete although nothing differs; `nil` when it does.
    func problem() -> CLIError? {
        guard verdict.isFaithful else { return nil }
        if let first = report.firstWithheld { return Self.incomplete(report, first) }
        guard recording.actor == report.actor, recording.head == report.head else {
            return CLIError(
                .verification, ProofError.Code.badBundle.rawValue,
                "the bundle was changed after it was verified; verify it again, where nobody writes to it"
            )
        }
        return nil
    }

    private static func incomplete(_ report: BundleReport, _ first: UInt64) -> CLIError {
        let before =
            first == 0
            ? "nothing can be run again"
            : "the run fits up to event \(first - 1), and what follows cannot be run again"
        return CLIError(
            .failure, ReplayError.Code.payloadDropped.rawValue,
            "\(before): \(ChainText.events(report.withheldCount)) of the bundle come without their "
                + "payloads, event \(first) first. Their digests are proven, what happened is not; ask "
                + "for a bundle that was made before payloads were pruned")
    }

    /// The result for people.
    func lines() -> [String] {
        ReplayText.lines(
            verdict, title: "\(verdict.counts.events) of \(ChainText.events(report.count))")
    }

    /// The result for programs.
    func json() -> JSON {
        .object(
            ReplayText.members(verdict) + [
                ("first_withheld", report.firstWithheld.map { .integer($0) } ?? .null)
            ])
    }
}
