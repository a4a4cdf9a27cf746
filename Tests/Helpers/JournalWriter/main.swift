// SPDX-License-Identifier: Apache-2.0

// Appends to a journal until it is killed, and says what is durable.
//
//     JournalWriter DIRECTORY MODE
//
// MODE `strict` waits for the disk after every third event of a chain, `async` after every
// hundredth. For each wait that returned it prints `<actor> <count> <head>`: the chain had that many
// events, and they are durable. Before the first append of a chain it prints `<actor> begin`.

import Glibc
import TheaterChain
import TheaterPlatform

func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}

func append(to chain: ChainWriter, every: UInt64) async throws {
    let type = EventType(interface: "theater:simple/runtime", function: "log")
    say("\(chain.actor) begin")
    while true {
        let count = chain.head.count
        let size = Int(truncatingIfNeeded: count &* 2_654_435_761 % 300)
        let input = [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: size)
        let head = try chain.appendHostCall(type, input: input, output: chain.actor.bytes)
        if head.sequence % every == every - 1 {
            try await chain.sync()
            say("\(chain.actor) \(head.sequence + 1) \(head.hash)")
        }
    }
}

guard CommandLine.arguments.count == 3 else {
    say("usage: JournalWriter DIRECTORY strict|async")
    exit(64)
}
var options = JournalOptions()
options.segmentSizeMax = 64 << 10
options.asyncDelay = .milliseconds(2)
let every: UInt64 = CommandLine.arguments[2] == "strict" ? 3 : 100
do {
    let journal = try Journal.open(directory: CommandLine.arguments[1], options: options)
    var chains: [ChainWriter] = []
    for summary in journal.actors().suffix(2) {
        chains.append(try journal.resumeChain(actor: summary.actor))
    }
    for number in 0..<2 {
        chains.append(try journal.makeChain(actor: .random(), name: "writer-\(number)"))
    }
    try await withThrowingTaskGroup { group in
        for chain in chains { group.addTask { try await append(to: chain, every: every) } }
        try await group.waitForAll()
    }
} catch {
    say("error \(error)")
    exit(1)
}
