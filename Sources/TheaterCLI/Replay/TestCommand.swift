// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterEngine
internal import TheaterNode
internal import TheaterReplay

/// `theater test`: exported chains as regression tests of an actor.
struct TestCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run exported chains as regression tests of an actor.",
        discussion: """
            Replays each bundle of `theater chain export` on the code, with its host calls answered from \
            the record, and groups the first differences. It needs the bundles and nothing else: no \
            data directory, no network, no secret. Without --wasm each runs on the code that it \
            brings.

            The exit code is 0 when no chain differs, 3 when one does, and 1 when one cannot be replayed.

            Examples:
              theater chain export greeter -o tests/greeting.bundle
              theater test tests/*.bundle --wasm build/greeter.wasm

            With --json: {"passed", "chains", "counts", "groups", "failures", "skipped"}.
            """)

    @Argument(help: "The bundles.", completion: .file())
    var bundles: [String]

    @Option(
        help: ArgumentHelp("The code, in place of what the bundles bring.", valueName: "file"),
        completion: .file(extensions: ["wasm"]))
    var wasm: String?

    @Flag(help: "Print the result as one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        var code: [UInt8]?
        if let wasm {
            code = try Files.read(wasm, sizeMax: ModuleCache.wasmSizeMax, status: .module)
        }
        let engine = try ReplayEngine.make(dataDirectory: nil)
        var check = UpgradeCheck()
        let progress = ProgressLine("replaying", in: context, isQuiet: json)
        defer { progress.end() }
        let share: UInt64 = 1_000
        for (index, bundle) in try bundles.map({ (path) throws(CLIError) in
            try BundleFile.regular(path)
        }).enumerated() {
            let recording: BundleRecording<FileSource>
            do throws(ProofError) {
                recording = try BundleRecording(try FileSource(bundle))
            } catch {
                check.fail(file: bundle, .unreadable("the bundle", error))
                continue
            }
            var sources = BundleCode(recording: recording, wasm: code, isRebuilt: true)
            if code != nil {
                let events = try BundleFile.recording(bundle).events()
                do throws(ReplayError) {
                    sources.spans = try CodeSpans(events)
                } catch {
                    check.fail(recording.actor, error)
                    continue
                }
            }
            var options = Node.registry().replayOptions()
            let (done, total) = (UInt64(index) * share, UInt64(bundles.count) * share)
            let count = max(1, recording.count)
            options.observer = { event in
                let part = Double(event.sequence + 1) / Double(count) * Double(share)
                progress.show(done + UInt64(min(part, Double(share))), of: total)
            }
            await check.replay(
                recording.actor, recording.events(), engine: engine, library: sources,
                options: options)
        }
        progress.end()
        if json {
            context.output.result(UpgradeText.json(check, skipped: 0))
        } else {
            for line in UpgradeText.lines(check, skipped: 0) { context.output.result(line) }
        }
        if !check.groups.isEmpty { return .verification }
        return check.isPassed ? .success : .failure
    }
}
