// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterLaunch
import TheaterTesting

@testable import TheaterProcess

/// Goal: a launcher is reaped however it ends, and one that does not answer holds nobody up.
@Suite("Launchers", .timeLimit(.minutes(2)))
struct LauncherTests {
    /// A launcher that has started a program which is gone.
    private func launcher(of host: ProcessHost) async throws -> pid_t {
        let program = try await Run.start(host, "sh", "-c", "echo $PPID")
        let keeper = try await Run.keeper(of: program)
        let launcher = try #require(SystemProcesses.parent(of: keeper))
        #expect(await Run.reports(program) == [.exited(code: 0), .gone])
        return launcher
    }

    @Test("are reaped when they are killed, though nothing further is started")
    func killed() async throws {
        let host = ProcessHost()
        let launcher = try await launcher(of: host)
        kill(launcher, SIGKILL)
        while Run.exists(launcher) { try await Run.pause() }
        await host.close()
    }

    @Test("are reaped when their host is dropped without a word")
    func dropped() async throws {
        let launcher = try await launcher(of: ProcessHost())
        while Run.exists(launcher) { try await Run.pause() }
    }

    @Test("that do not end are killed, and reaped")
    func stopped() async throws {
        let host = ProcessHost()
        let launcher = try await launcher(of: host)
        kill(launcher, SIGSTOP)
        await host.close()
        #expect(!Run.exists(launcher))
    }

    @Test("that do not answer hold nobody up who has waited enough, and then start nothing")
    func silent() async throws {
        let host = ProcessHost()
        let folder = try TestFolder()
        let launcher = try await launcher(of: host)
        // Those that wait take the requests.
        let all = [launcher] + SystemProcesses.children(of: launcher)
        for pid in all { kill(pid, SIGSTOP) }
        let note = folder.path + "/note"
        let start = Task { try await Run.start(host, "touch", note) }
        start.cancel()
        do {
            _ = try await start.value
            Issue.record("it was started")
        } catch let error as ProcessError {
            #expect(error.code == .spawnFailed)
        }
        for pid in all { kill(pid, SIGCONT) }
        for _ in 0..<5 {
            let next = try await Run.start(host, "true")
            #expect(await Run.reports(next) == [.exited(code: 0), .gone])
        }
        await host.close()
        #expect(!FileManager.default.fileExists(atPath: note))
    }

    @Test("that are killed with a keeper leave what nobody says is gone")
    func bothKilled() async throws {
        let host = ProcessHost()
        let mark = Run.mark()
        let program = try await Run.start(host, "sh", "-c", "echo $PPID; exec sleep \(mark)")
        let keeper = try await Run.keeper(of: program)
        let launcher = try #require(SystemProcesses.parent(of: keeper))
        kill(launcher, SIGKILL)
        while Run.exists(launcher) { try await Run.pause() }
        kill(keeper, SIGKILL)
        #expect(await Run.reports(program) == [])
        #expect(!program.isGone)
        for pid in Run.processes(with: mark) { kill(pid, SIGKILL) }
        await host.close()
    }
}
