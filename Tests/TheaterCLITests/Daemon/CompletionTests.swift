// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a shell offers at the key.
@Suite("Completion", .timeLimit(.minutes(2)))
struct CompletionTests {
    // Method: bash reads the script that the program prints, and is asked as it is when somebody presses the key.
    private static func offered(_ node: RunningNode, _ words: [String]) async throws -> [String] {
        var variables = ProcessInfo.processInfo.environment
        variables["THEATER"] = try Program.path()
        variables["THEATER_HOME"] = node.folder.path("data")
        let script = """
            source <("$THEATER" completion bash)
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMPREPLY=()
            COMP_POINT=${#COMP_LINE}
            theater() { "$THEATER" "$@"; }
            _theater theater "${!#}" "${COMP_WORDS[$(($# - 2))]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let text = try await Program.output(
            of: ["bash", "-c", script, "bash", "theater"] + words, in: node.folder,
            environment: variables)
        return text.split(separator: "\n").map(String.init).sorted()
    }

    /// What is offered in the end: who presses the key gets nothing when a busy node takes long, and presses it again.
    private static func someOffered(
        _ node: RunningNode, _ words: [String]
    ) async throws -> [String] {
        while true {
            let found = try await offered(node, words)
            if !found.isEmpty { return found }
            try Task.checkCancellation()
        }
    }

    @Test("a shell offers live actors, tokens and chains, and without a node nothing")
    func names() async throws {
        let node = try await RunningNode()
        for name in ["anna", "anton", "berta"] {
            try await node.start(try TestActors.fixture(), name: name)
        }
        #expect(try await Self.someOffered(node, ["inspect", ""]) == ["anna", "anton", "berta"])
        #expect(try await Self.someOffered(node, ["stop", "an"]) == ["anna", "anton"])
        #expect(
            try await Self.someOffered(node, ["upgrade", "x.wasm", "--actors", "b"]) == ["berta"])
        #expect(try await node.run(["token", "create", "mine", "--scope", "observe"]).status == 0)
        #expect(try await Self.someOffered(node, ["token", "revoke", ""]) == ["mine"])
        #expect(try await node.run(["kill", "anna"]).status == 0)
        #expect(try await Self.someOffered(node, ["stop", "an"]) == ["anton"])
        #expect(try await Self.someOffered(node, ["chain", "show", "an"]) == ["anna", "anton"])
        #expect(try await Self.someOffered(node, ["call", "anton", "e"]) == ["echo"])
        #expect(try await Self.offered(node, ["call", "nobody", "e"]) == [])
        #expect(
            try await Self.someOffered(node, ["store", "ls", "--store-id", "theater.m"])
                == ["theater.modules"])
        let labels = try await Self.someOffered(
            node, ["store", "get", "--store-id", "theater.modules", ""])
        #expect(labels.count == 1 && labels.allSatisfy { $0.count == 64 }, "\(labels)")
        #expect(
            try await Self.offered(node, ["inspect", "--socket", "nowhere", ""]) == [])
        #expect(await node.stop() == 0)
        #expect(try await Self.offered(node, ["inspect", ""]) == [])
    }

    @Test("lists print identities only, for other commands")
    func quiet() async throws {
        let node = try await RunningNode()
        let id = try await node.start(try TestActors.fixture(), name: "anna")
        #expect(try await node.run(["chain", "list", "--quiet"]).stdout == id + "\n")
        #expect(try await node.run(["ps", "-q"]).stdout == id + "\n")
        let stores = try await node.run(["store", "ls", "-q"]).stdout.split(separator: "\n")
        #expect(stores.contains("theater.modules") && stores.allSatisfy { !$0.contains(" ") })
        let blobs = try await node.run(["store", "ls", "--store-id", "theater.modules", "-q"])
        #expect(blobs.stdout.count == 65, "\(blobs.stdout)")
        #expect(try await node.run(["token", "list", "-q"]).stdout == "")
        #expect(try await node.run(["chain", "list", "-q", "--json"]).status == 2)
        #expect(await node.stop() == 0)
    }
}
