// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import TheaterChain
internal import TheaterEngine
internal import TheaterNode
internal import TheaterPlatform
internal import TheaterReplay
internal import TheaterRuntime

/// Gives a running actor the code that its file has, whenever that changes.
///
/// A file that is no code, or code that does not fit, is said so, and the actor goes on as it is; the next
/// change of the file is another try.
struct CodeWatch: Sendable {
    let path: String
    let actor: ActorID
    let node: Node
    let gate: UpgradeRequest.Gate
    let logger: Logger

    /// How often the file is looked at. It is read when it was the same twice.
    private static let interval = Duration.milliseconds(250)

    private struct Stamp: Equatable {
        let time: Int64?
        let size: Int64?
    }

    /// Watches until the task is cancelled or the actor is over.
    ///
    /// - Parameter wasm: the code that the actor has.
    func run(_ wasm: [UInt8]) async {
        var tried = ModuleCache.digest(of: wasm)
        var read = Stamp(time: nil, size: nil)
        var last = read
        while (try? await Task.sleep(for: Self.interval)) != nil {
            guard node.system.status(of: actor)?.isEnded == false else { return }
            let now = Stamp(time: Files.changeTime(path), size: Files.size(path))
            defer { last = now }
            guard now.time != nil, now == last, now != read else { continue }
            read = now
            guard let wasm = readFile() else { continue }
            let digest = ModuleCache.digest(of: wasm)
            guard digest != tried else { continue }
            tried = digest
            await take(wasm)
        }
    }

    private func readFile() -> [UInt8]? {
        do throws(CLIError) {
            return try LoadedActor.wasm(at: path)
        } catch {
            logger.error("the new code cannot be read, and the actor goes on: \(error.message)")
            return nil
        }
    }

    private func take(_ wasm: [UInt8]) async {
        do throws(ActorError) {
            let report = try await node.control.send {
                .upgradeActor(actor, UpgradeRequest(wasm: wasm, gate: gate), $0)
            }
            logger.info("\(Self.text(report))")
        } catch {
            logger.error("the actor goes on with its code: \(error)")
        }
    }

    /// What became of an actor, on a line.
    static func text(_ report: UpgradeReport) -> String {
        let state = report.hasMigrated ? "migrated" : "as it was"
        let check =
            switch report.check {
            case nil: ""
            case .same(let counts):
                "; it does what the chain says, in "
                    + (counts.calls == 1 ? "1 call" : "\(counts.calls) calls")
            case .differs(let divergence):
                "; it does not do what the chain says: " + Printable.line("\(divergence)")
            case .unknown(let error):
                "; the chain cannot be replayed on it: " + Printable.line("\(error)")
            }
        return "new code in place, \(report.from.description.prefix(12)) -> "
            + "\(report.to.description.prefix(12)), the state is \(state)"
            + (report.isOnTrial ? ", its first calls are on trial" : "") + check
    }
}
