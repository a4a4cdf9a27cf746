// SPDX-License-Identifier: Apache-2.0

// Starts programs and waits to be killed: what a test of a node's sudden end needs.
//
//     ProgramStarter COUNT PROGRAM [ARGUMENT …]
//     ProgramStarter --terminal
//
// Writes a line when each program has written something, or when one was not started. With SANDBOX=required
// or SANDBOX=optional in its environment it asks for a sandbox. With --terminal it changes its terminal instead.

import Foundation
import TheaterPlatform
import TheaterProcess

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == "--terminal" {
    let seat = TerminalHost().seat()
    try seat.setRawMode(true)
    try await seat.write(Array("\u{1B}[?1049h\u{1B}[?25lready".utf8), to: .output)
    try await Sleeper.sleep(for: .seconds(3600))
    seat.leave()
}
guard arguments.count >= 2, let count = Int(arguments[0]) else {
    print("usage: ProgramStarter COUNT PROGRAM [ARGUMENT …]")
    exit(2)
}
let host = ProcessHost()
var running: [RunningProgram] = []
for _ in 0..<count {
    let file = try ProgramFile.open(arguments[1])
    var order = ProgramOrder(
        file, arguments: Array(arguments.dropFirst(2)), environment: ["PATH=/usr/bin:/bin"])
    if let sandbox = ProcessInfo.processInfo.environment["SANDBOX"] {
        order.sandbox = .namespaces(keepsNetwork: false, isRequired: sandbox == "required")
    }
    do {
        let program = try await host.start(order)
        if let problem = program.sandboxProblem { print("without sandbox: \(problem)") }
        running.append(program)
    } catch {
        print("not started: \(error)")
        exit(1)
    }
}
for program in running { _ = await program.output?.read(100) }
print("ready")
fflush(nil)
try await Sleeper.sleep(for: .seconds(3600))
