// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What a cell knows of its system.
final class SystemLink: Sendable {
    private let reference = Mutex<WeakSystem>(WeakSystem())

    private struct WeakSystem {
        weak var system: ActorSystem?
    }

    var system: ActorSystem? {
        get { reference.withLock { $0.system } }
        set { reference.withLock { $0.system = newValue } }
    }
}
