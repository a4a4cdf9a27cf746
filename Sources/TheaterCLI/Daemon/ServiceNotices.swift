// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// What a service manager wants to know, if there is one.
struct ServiceNotices: Sendable {
    private let path: String?

    /// - Parameter path: what `NOTIFY_SOCKET` says.
    init(_ path: String?) { self.path = path?.isEmpty == false ? path : nil }

    /// The node takes work.
    func ready(_ words: String) { send("READY=1\nMAINPID=\(ThisProcess.number)\nSTATUS=\(words)") }

    /// The node starts, and may need so long until the next word.
    func starting(_ words: String, within seconds: Int) {
        send("EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000)\nSTATUS=\(words)")
    }

    /// The node reads its configuration again.
    func reloading() {
        let time = MonotonicTime.now().nanoseconds / 1000
        send("RELOADING=1\nMONOTONIC_USEC=\(time)\nSTATUS=reading the configuration again")
    }

    /// The node is ending.
    func stopping() { send("STOPPING=1\nSTATUS=stopping") }

    private func send(_ text: String) {
        if let path { LocalSocket.send(text, to: path) }
    }
}
