// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterLaunch

/// Waits for the end of a node, and then restores its terminal: input 0, output 1, the node's socket 3.
enum TerminalGuard {
    static func run() -> Never {
        Kernel.perform(.closeRange, 4, Int(UInt32.max), 0)
        chdir("/")
        Process.setName("theater-term")
        // Also what a terminal does to processes behind the one in front of it.
        Process.blockAllSignals()
        var attributes: [UInt8] = []
        var farewell: [UInt8] = []
        while true {
            let received = Datagram.receive(
                on: Launcher.requests, sizeMax: TerminalLaunch.sizeMax, waits: true)
            guard case .message(let bytes, _) = received else { break }
            switch bytes.first.flatMap(TerminalLaunch.init(rawValue:)) {
            case .done: exit(0)
            case .attributes: attributes = Array(bytes.dropFirst())
            case .farewell: farewell = Array(bytes.dropFirst())
            case nil: break
            }
        }
        if attributes.count == MemoryLayout<termios>.size {
            var saved = attributes.withUnsafeBytes { $0.loadUnaligned(as: termios.self) }
            tcsetattr(0, TCSANOW, &saved)
        }
        // A terminal that takes nothing is not waited for.
        if !farewell.isEmpty { _ = write(1, farewell, farewell.count) }
        exit(0)
    }
}
