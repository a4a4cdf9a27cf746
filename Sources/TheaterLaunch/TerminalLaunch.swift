// SPDX-License-Identifier: Apache-2.0

/// What a node tells the process that restores its terminal: one datagram each, this byte first.
public enum TerminalLaunch: UInt8, Sendable, Hashable, CaseIterable {
    /// The terminal was restored; there is nothing more to do.
    case done = 0
    /// The attributes to restore, as the system has them in memory.
    case attributes = 1
    /// The bytes to write at the end, in place of earlier ones.
    case farewell = 2

    /// The argument that makes `theater-launch` this process.
    public static let argument = "--terminal"
    /// The most bytes of a datagram.
    public static let sizeMax = 1024
}
