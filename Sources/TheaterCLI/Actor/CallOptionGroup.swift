// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// The options of a command that calls functions of the actor that it runs; ``CallArguments`` has marked them.
struct CallOptionGroup: ParsableArguments {
    @Option(
        name: .customLong("call"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Call a function; may be repeated.", valueName: "function"))
    var functions: [String] = []

    @Option(
        name: .customLong("arg"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "An argument of the call before it; may be repeated.", valueName: "value"))
    var arguments: [String] = []

    @Flag(
        name: .customLong("stdin"),
        help: "Standard input is the last argument of the call before it.")
    var takesInput = false

    @Option(name: .customLong("stdin-of"), help: .hidden)
    var inputs: [Int] = []

    /// The calls, as they were typed.
    func calls() throws(CLIError) -> [CallArguments.Call] {
        try CallArguments.calls(functions: functions, arguments: arguments, inputs: inputs)
    }
}
