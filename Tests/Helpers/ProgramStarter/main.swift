// SPDX-License-Identifier: Apache-2.0

// Starts programs and waits to be killed: what a test of a node's sudden end needs.
//
//     ProgramStarter COUNT PROGRAM [ARGUMENT …]
//
// Writes a line when each program has written something.

import Foundation
import TheaterPlatform
import TheaterProcess

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2, let count = Int(arguments[0]) else {
    print("usage: ProgramStarter COUNT PROGRAM [ARGUMENT …]")
    exit(2)
}
let host = ProcessHost()
var running: [RunningProgram] = []
for _ in 0..<count {
    let file = try ProgramFile.open(arguments[1])
    running.append(
        try await host.start(
            ProgramOrder(
                file, arguments: Array(arguments.dropFirst(2)), environment: ["PATH=/usr/bin:/bin"])
        ))
}
for program in running { _ = await program.output?.read(100) }
FileHandle.standardOutput.write(Data("ready\n".utf8))
try await Sleeper.sleep(for: .seconds(3600))
