// SPDX-License-Identifier: Apache-2.0

// The launcher: starts programs for a node, each under a keeper, and outlives neither.
//
// A node starts it with a socket as descriptor 3. It has one thread, always: that is what makes it safe
// to copy itself. With an argument it is something smaller: what restores the node's terminal.

internal import Glibc
internal import TheaterLaunch

var status = stat()
if fstat(Launcher.requests, &status) != 0 || status.st_mode & S_IFMT != S_IFSOCK {
    let usage: StaticString = "theater-launch is started by a Theater node, not by hand\n"
    _ = write(2, usage.utf8Start, usage.utf8CodeUnitCount)
    exit(2)
}
if CommandLine.arguments.dropFirst().first == TerminalLaunch.argument { TerminalGuard.run() }
Launcher.prepare()
var launcher = Launcher()
launcher.run()
