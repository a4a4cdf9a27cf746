// SPDX-License-Identifier: Apache-2.0

extension HandlerRegistry {
    /// Which host functions systems with these handlers link so that they may suspend.
    public var suspending: @Sendable (_ interface: String, _ function: String) -> Bool {
        var names: Set<String> = []
        for (_, interface) in offered {
            for function in interface.suspending { names.insert("\(interface.name)/\(function)") }
        }
        let known = names
        return { known.contains("\($0)/\($1)") }
    }
}
