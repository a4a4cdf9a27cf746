// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterValue

/// What a caller passed, fitted to an export before anything is handed over.
struct RPCArguments {
    let arguments: [Value]
    let takesState: Bool

    /// Spreads a tuple over the parameters, or takes it whole where the export has one parameter that
    /// is a tuple.
    init(
        _ parameters: Value, for export: ExportBinding, from caller: ActorID
    ) throws(RPCError) {
        guard case .tuple(let items) = parameters else {
            self = try Self.fit([parameters], export, caller)
            return
        }
        do throws(RPCError) {
            self = try Self.fit(items, export, caller)
        } catch {
            guard let whole = try? Self.fit([parameters], export, caller) else { throw error }
            self = whole
        }
    }

    private init(arguments: [Value], takesState: Bool) {
        self.arguments = arguments
        self.takesState = takesState
    }

    private static func fit(
        _ arguments: [Value], _ export: ExportBinding, _ caller: ActorID
    ) throws(RPCError) -> RPCArguments {
        guard let (arguments, takesState) = export.fit(arguments, caller: caller) else {
            throw RPCError(
                .wrongArgument,
                "'\(export.name)' was called with \(arguments.count) arguments; it is declared as "
                    + "\(export.usage), where the runtime provides the state")
        }
        do throws(ActorError) {
            try export.check(arguments, takesState: takesState)
        } catch {
            throw RPCError(.wrongArgument, error.message)
        }
        return RPCArguments(arguments: arguments, takesState: takesState)
    }
}
