// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterValue

/// `theater abi`: values and hashes of the guest ABI, by hand.
struct ABICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abi",
        abstract: "Decode and encode values, and compute interface hashes.",
        discussion: """
            Examples:
              theater abi encode '{name: "Ada", age: 36u32}'
              theater abi encode '[1, 2, 3]' -o list.cgrf
              theater abi decode list.cgrf
              theater abi encode true | theater abi decode -
              theater abi hash actor.pact
              theater abi hash build/hello.wasm --json
            """,
        subcommands: [ABIDecodeCommand.self, ABIEncodeCommand.self, ABIHashCommand.self])

    /// The most bytes that are read.
    static let sizeMax = 256 << 20
}

/// `theater abi decode`: bytes to text.
struct ABIDecodeCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Decode CGRF bytes to the text form of values.",
        discussion: """
            Takes hexadecimal digits, a file, or - for standard input; the latter two may hold the \
            bytes themselves or their digits.
            """)

    @Argument(
        help: ArgumentHelp("The bytes.", valueName: "hex|file|-"), completion: .file())
    var source: String

    @Flag(help: "Print the value as JSON, without the names of types.")
    var json = false

    @Flag(help: "Print everything on one line.")
    var line = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let bytes = try bytes(context)
        let value: Value
        do throws(CGRFError) {
            value = try CGRF.decode(bytes)
        } catch {
            throw CLIError(error, of: source == "-" ? "standard input" : "the value")
        }
        if json {
            context.output.result(ValueMapping.json(value))
        } else {
            let width = line ? nil : context.output.width(.results)
            context.output.result(ValueText.print(value, options: .init(width: width)))
        }
        return .success
    }

    private func bytes(_ context: CLIContext) throws(CLIError) -> [UInt8] {
        let given: [UInt8]
        if source == "-" {
            given = try context.input(ABICommand.sizeMax)
        } else if Files.kind(source) == .file {
            given = try Files.read(source, sizeMax: ABICommand.sizeMax, status: .usage)
        } else {
            guard let bytes = HexText.parse(source.utf8) else {
                throw .usage(
                    "'\(Printable.line(source, sizeMax: 80))' is neither a file nor an even number "
                        + "of hexadecimal digits; give one of them, or - for standard input")
            }
            return bytes
        }
        if given.starts(with: Array("CGRF".utf8)) { return given }
        return HexText.parse(given) ?? given
    }
}

/// `theater abi encode`: text to bytes.
struct ABIEncodeCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "encode",
        abstract: "Encode the text form of a value as CGRF bytes.",
        discussion: """
            Prints hexadecimal digits; with -o it writes the bytes to a file, or their digits with \
            --hex. As - the value is read from standard input, and -o - writes to standard output.
            """)

    @Argument(
        help: ArgumentHelp("The value in its text form.", valueName: "value|-"))
    var value: String

    @Option(
        name: .customShort("o"), help: ArgumentHelp("Where to write.", valueName: "file"),
        completion: .file())
    var file: String?

    @Flag(help: "Write hexadecimal digits to the file too.")
    var hex = false

    @Flag(help: "Print {\"size\", \"hex\"}.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let bytes = try encode(try text(context))
        if json {
            context.output.result(
                .object([
                    ("size", .integer(bytes.count)), ("hex", .string(Hexadecimal.encode(bytes))),
                ]))
        }
        guard let file else {
            if !json { context.output.result(Hexadecimal.encode(bytes)) }
            return .success
        }
        let content = hex ? Array((Hexadecimal.encode(bytes) + "\n").utf8) : bytes
        if file == "-" {
            context.output.write(content, to: .results)
        } else {
            try Files.write(content, to: file)
        }
        return .success
    }

    private func text(_ context: CLIContext) throws(CLIError) -> String {
        guard value == "-" else { return value }
        let bytes = try context.input(ABICommand.sizeMax)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CLIError(
                .usage, "cli.not-utf8",
                "standard input is not UTF-8 (byte \(ArgumentText.offsetOfInvalidUTF8(bytes)))")
        }
        return text
    }

    private func encode(_ text: String) throws(CLIError) -> [UInt8] {
        let parsed: Value
        do throws(ValueTextError) {
            parsed = try ValueText.parse(text)
        } catch {
            throw CLIError(.usage, error.code.rawValue, "the value does not read: \(error)")
        }
        do throws(CGRFError) {
            return try CGRF.encode(parsed)
        } catch {
            throw CLIError(.usage, error.code.rawValue, "the value does not encode: \(error)")
        }
    }
}
