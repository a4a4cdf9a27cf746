// SPDX-License-Identifier: Apache-2.0

/// Which `--arg` and `--stdin` belong to which `--call`.
///
/// The argument parser collects each option by itself and loses how they follow each other. So the
/// arguments are marked before they are parsed: the value of each `--arg` gets the number of calls
/// before it in front, and each `--stdin` is followed by that number as a hidden option.
enum CallArguments {
    /// One call as it was typed.
    struct Call: Sendable, Hashable {
        /// The function, maybe abbreviated.
        var function: String
        /// The arguments as text.
        var arguments: [String]
        /// Whether standard input is the last argument.
        var takesInput: Bool
    }

    /// The commands that call functions by `--call`.
    private static let commands: Set = ["run", "fork", "resume"]

    /// Marks the arguments of `theater run` and the like, and numbers below zero behind `theater call`; others
    /// stay as they are.
    static func mark(_ arguments: [String]) -> [String] {
        guard let command = arguments.first else { return arguments }
        guard commands.contains(command) else {
            return command == "call" ? separated(arguments) : arguments
        }
        var marked: [String] = []
        var calls = 0
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            if argument == "--" { return marked + ["--"] + arguments[index...] }
            if argument == "--call" {
                calls += 1
                marked.append(argument)
                if index < arguments.count {
                    marked.append(arguments[index])
                    index += 1
                }
            } else if argument.hasPrefix("--call=") {
                calls += 1
                marked.append(argument)
            } else if argument == "--arg", index < arguments.count {
                marked += ["--arg", "\(calls):\(arguments[index])"]
                index += 1
            } else if argument.hasPrefix("--arg=") {
                marked.append("--arg=\(calls):\(argument.dropFirst(6))")
            } else if argument == "--stdin" {
                marked += ["--stdin", "--stdin-of", "\(calls)"]
            } else {
                marked.append(argument)
            }
        }
        return marked
    }

    /// Puts `--` before the first number below zero, which would be taken for an option, if nothing but values
    /// follows.
    private static func separated(_ arguments: [String]) -> [String] {
        func isNegative(_ text: String) -> Bool {
            text.first == "-"
                && text.utf8.dropFirst().first.map { $0 >= 0x30 && $0 <= 0x39 } == true
        }
        guard !arguments.contains("--"), let first = arguments.firstIndex(where: isNegative),
            !arguments[first - 1].hasPrefix("-"),
            arguments[first...].allSatisfy({ !$0.hasPrefix("-") || isNegative($0) })
        else { return arguments }
        return arguments[..<first] + ["--"] + arguments[first...]
    }

    /// Puts calls together from marked options.
    static func calls(
        functions: [String], arguments: [String], inputs: [Int]
    ) throws(CLIError) -> [Call] {
        var calls = functions.map { Call(function: $0, arguments: [], takesInput: false) }
        for argument in arguments {
            guard let colon = argument.firstIndex(of: ":"), let number = Int(argument[..<colon]),
                (1...max(1, calls.count)).contains(number), !calls.isEmpty
            else { throw .usage("--arg belongs behind its --call: --call FUNCTION --arg VALUE") }
            calls[number - 1].arguments.append(String(argument[argument.index(after: colon)...]))
        }
        guard inputs.count <= 1 else { throw .usage("--stdin can be given once") }
        if let number = inputs.first {
            // Before the only call, it can mean nothing else.
            let index = number == 0 && calls.count == 1 ? 0 : number - 1
            guard calls.indices.contains(index) else {
                throw .usage("--stdin belongs behind its --call: --call FUNCTION --stdin")
            }
            calls[index].takesInput = true
        }
        return calls
    }
}
