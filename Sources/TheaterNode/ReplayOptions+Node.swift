// SPDX-License-Identifier: Apache-2.0

public import TheaterHandler
public import TheaterReplay

extension HandlerRegistry {
    /// How chains of systems with these handlers are replayed.
    ///
    /// - Parameter until: the last event; `nil` for all.
    public func replayOptions(until: UInt64? = nil) -> ReplayOptions {
        ReplayOptions(until: until, isSuspending: suspending)
    }
}
