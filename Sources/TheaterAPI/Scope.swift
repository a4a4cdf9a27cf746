// SPDX-License-Identifier: Apache-2.0

/// What a credential allows. Each allows what those before it allow.
public enum Scope: String, Sendable, Hashable, CaseIterable, Comparable {
    /// To look: actors, chains, numbers.
    case observe
    /// To talk: send, request, call, channels.
    case message
    /// To start, stop, kill and restart actors.
    case operate
    /// To give and take credentials.
    case admin

    private var rank: Int {
        switch self {
        case .observe: 0
        case .message: 1
        case .operate: 2
        case .admin: 3
        }
    }

    /// Whether one allows less than the other.
    public static func < (left: Scope, right: Scope) -> Bool { left.rank < right.rank }
}
