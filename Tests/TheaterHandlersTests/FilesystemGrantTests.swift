// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing
import TheaterFiles
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterHandlers

@Suite("Grants of the handler filesystem")
struct FilesystemGrantTests {
    private func make(_ keys: [String: ManifestValue]) throws -> FilesystemHandler {
        var services = HandlerServices()
        services.provide(FileHost())
        let context = HandlerContext(
            actorID: ActorID(high: 1, low: 2), actorName: "test",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            cell: CommandOutput(sizeMax: 1), services: services)
        var reader = HandlerGrant(type: "filesystem", configuration: keys).reader()
        return try FilesystemHandler(grant: &reader, context: context)
    }

    @Test(
        "keys that say nothing sensible are refused by name",
        arguments: [
            ("path", .array([.string("/")])), ("write", .string("yes")), ("read", .integer(1)),
            ("max_read", .string("17MiB")), ("max_read", .integer(0)),
            ("max_entries", .integer(0)), ("max_entries", .integer(100_001)),
            ("count_max", .integer(-1)), ("quota", .string("much")),
            ("allowed_commands", .array([.string("bin/tool")])),
            ("command_timeout", .string("0s")), ("new_dir", .bool(true)), ("paths", .array([])),
        ] as [(String, ManifestValue)])
    func bad(key: String, value: ManifestValue) throws {
        do {
            _ = try make([key: value])
            Issue.record("'\(key)' was taken")
        } catch let error as ManifestDiagnostics {
            #expect("\(error)".contains(key), "\(error)")
        }
    }

    @Test("arguments of other types than declared are refused")
    func arguments() throws {
        let handler = try make(["path": .string("/tmp"), "write": .bool(true)])
        let calls: [(String, [Value])] = [
            ("read-file", []), ("read-file", [.u8(1)]), ("read-file", [.string("a"), .u8(1)]),
            ("write-file", [.string("a"), .u8(1)]), ("append", [.string("a"), .string("b")]),
            ("rename", [.string("a"), .u8(1)]), ("read-range", [.string("a"), .u8(1), .u8(1)]),
            ("execute-command", [.string("a"), .string("b"), .list(.primitive(.u8), [.u8(1)])]),
            ("execute-nix-command", [.string("a"), .string("b")]),
        ]
        for (function, arguments) in calls {
            let call = HostCall(
                interface: "theater:simple/filesystem", function: function, arguments: arguments)
            guard case .failure(let error) = handler.answer(call) else {
                Issue.record("\(function) took \(arguments)")
                continue
            }
            #expect(error.code == "filesystem.wrong-argument", "\(function)")
        }
    }
}
