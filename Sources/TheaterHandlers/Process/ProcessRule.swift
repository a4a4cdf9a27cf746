// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterCapability
internal import TheaterHandler
internal import TheaterLaunch
internal import TheaterManifest
internal import TheaterProcess

/// What a grant allows, and how it makes an order of what the actor asks for.
final class ProcessRule: Sendable {
    let processesMax: Int
    let outputMax: Int
    let inputMax: Int
    /// The longest time of any process; `nil` for no end.
    let timeout: Duration?
    /// From SIGTERM to SIGKILL.
    let killGrace: Duration

    private let programs: [String]
    private let pins: [ProgramPin]
    private let folders: PathSet
    private let environment: ProcessEnvironment
    private let limits: LaunchRequest.Limits
    private let sandbox: ProgramOrder.Sandbox
    /// Digests that were computed, by the file that they are of. Forgotten when there are many.
    private let digests = Mutex<[ProgramFile.FileIdentity: [UInt8]]>([:])

    /// Reads the keys; what is wrong with them is left to the reader.
    init(_ grant: inout SectionReader, nodeEnvironment: [String: String]) {
        let mebibyte: UInt64 = 1 << 20
        processesMax = grant.integer("max_processes", in: 0...1024) ?? 10
        outputMax = Self.size("max_output_buffer", &grant, default: mebibyte)
        inputMax = Self.size("max_input_buffer", &grant, default: mebibyte)
        timeout = grant.duration("execution_timeout", in: .seconds(1)...(.seconds(31_536_000)))
        killGrace = grant.duration("kill_grace", in: .zero...(.seconds(60))) ?? .seconds(5)
        programs = grant.strings("allowed_programs") ?? []
        for program in programs
        where program.utf8.contains(UInt8(ascii: "/")) && program.utf8.first != UInt8(ascii: "/") {
            grant.refuse(
                "allowed_programs", "'allowed_programs': '\(program)' is a relative path",
                suggestion: "write an absolute path, or a name without a slash")
        }
        pins = ProgramPin.read(&grant)
        let paths = grant.strings("allowed_paths") ?? []
        // The paths were read before, as bounds: what is wrong with them is known by now.
        folders = (try? PathSet(paths)) ?? .empty
        environment = ProcessEnvironment(&grant, node: nodeEnvironment)
        limits = LaunchRequest.Limits(
            cpuSeconds: grant.integer("cpu_seconds", in: 1...Int(Int32.max)).map { UInt64($0) },
            memory: grant.bytes("memory_limit")?.bytes,
            openFiles: grant.integer("open_files", in: 8...1_048_576).map { UInt64($0) },
            fileSize: grant.bytes("file_size_limit")?.bytes)
        let isSandboxed = grant.bool("sandbox") ?? false
        let isOptional = grant.bool("sandbox_optional") ?? false
        let keepsNetwork = grant.bool("sandbox_network") ?? false
        sandbox =
            isSandboxed ? .namespaces(keepsNetwork: keepsNetwork, isRequired: !isOptional) : .none
    }

    private static func size(
        _ key: String, _ grant: inout SectionReader, default standard: UInt64
    ) -> Int {
        let bounds = ByteCount(bytes: 1)...ByteCount(bytes: 64 << 20)
        return Int(clamping: grant.bytes(key, in: bounds)?.bytes ?? standard)
    }

    // MARK: Checking

    /// Checks what the actor asks for but for the pins, and opens the program and the folder.
    func order(_ config: SpawnConfig) throws(ProcessError) -> ProgramOrder {
        let (file, name) = try program(config.program)
        for argument in config.arguments where argument.utf8.contains(0) {
            throw ProcessError(
                .badArgument,
                "an argument for '\(config.program.prefix(64))' has a NUL, which no program can be "
                    + "given; leave it out")
        }
        var order = ProgramOrder(
            file, name: name, arguments: config.arguments,
            environment: try environment.variables(config.environment),
            folder: try folder(config.folder))
        order.limits = limits
        order.sandbox = sandbox
        order.inputSizeMax = inputMax
        return order
    }

    private func program(_ asked: String) throws(ProcessError) -> (ProgramFile, name: String) {
        // Nothing is looked up for those who may run nothing.
        let file: ProgramFile
        do throws(ProcessError) {
            file = try ProgramFile.open(asked)
        } catch {
            guard error.code == .noProgram, !mayBe(asked) else { throw error }
            // Whether a program exists is nobody's business who may not run it.
            throw denied(asked)
        }
        guard let name = name(of: file, asked: asked) else { throw denied(asked) }
        return (file, name)
    }

    /// Checks a program that may run against the pins. May read all of it, so not for the guest's thread.
    func checkPins(_ file: ProgramFile) throws(ProcessError) {
        for pin in pins where pin.isMeant(file) {
            guard digest(of: file) == pin.digest else {
                throw ProcessError(
                    .wrongDigest,
                    "'\(file.realPath)' does not have the SHA-256 that the grant pins; restore it, or "
                        + "pin the new one")
            }
        }
    }

    /// Whether a program might run if it was there: the grant names it, or all of a folder where it would be.
    private func mayBe(_ asked: String) -> Bool {
        let isPath = asked.utf8.contains(UInt8(ascii: "/"))
        // Where such a path would lead, nobody knows.
        guard
            !isPath
                || !asked.utf8.split(separator: UInt8(ascii: "/")).contains(where: {
                    $0.elementsEqual("..".utf8)
                })
        else { return programs.contains(asked) }
        let places = isPath ? [asked] : ProgramFile.searchPath.map { $0 + "/" + asked }
        return programs.contains { entry in
            guard entry.utf8.last == UInt8(ascii: "*") else { return entry == asked }
            return places.contains { $0.utf8.starts(with: entry.utf8.dropLast()) }
        }
    }

    private func denied(_ asked: String) -> ProcessError {
        ProcessError(
            .programDenied,
            "the grant does not have the program '\(asked.prefix(256))'; add it to allowed_programs, or "
                + "use another")
    }

    /// The name under which a program may run; `nil` when the grant does not have it.
    ///
    /// The real file decides. One that is many programs, told apart by their names, gets the name in the
    /// grant and no other.
    private func name(of file: ProgramFile, asked: String) -> String? {
        for entry in programs {
            if entry.utf8.last == UInt8(ascii: "*") {
                let start = entry.dropLast()
                guard file.realPath.utf8.starts(with: start.utf8) else { continue }
                return file.foundPath.utf8.starts(with: start.utf8)
                    ? file.foundPath : file.realPath
            }
            // The name that was asked for first, so that others are seldom looked up.
            if entry == asked { return file.foundPath }
        }
        for entry in programs where entry.utf8.last != UInt8(ascii: "*") {
            if let known = try? ProgramFile.open(entry), known.realPath == file.realPath,
                known.identity == file.identity
            {
                return known.foundPath
            }
        }
        return nil
    }

    private func digest(of file: ProgramFile) -> [UInt8]? {
        if let known = digests.withLock({ $0[file.identity] }) { return known }
        guard let digest = file.digest() else { return nil }
        digests.withLock { digests in
            if digests.count >= SetLimits.countMax { digests = [:] }
            digests[file.identity] = digest
        }
        return digest
    }

    private func folder(_ asked: String?) throws(ProcessError) -> WorkingFolder? {
        guard let path = asked ?? folders.paths.first else { return nil }
        let folder = try WorkingFolder.open(path)
        guard folders.contains(folder.realPath) else {
            throw ProcessError(
                .folderDenied,
                "the grant does not have the folder '\(path.prefix(256))'; add it to allowed_paths, or "
                    + "start elsewhere")
        }
        return folder
    }
}

/// A program that must have one content: `sha256:HEX PATH`.
struct ProgramPin: Sendable {
    let digest: [UInt8]
    private let path: String

    /// Whether a file is the program that is meant, as it lies there now.
    func isMeant(_ file: ProgramFile) -> Bool {
        guard let known = try? ProgramFile.open(path) else { return file.foundPath == path }
        return known.realPath == file.realPath || file.foundPath == path
    }

    static func read(_ grant: inout SectionReader) -> [ProgramPin] {
        var pins: [ProgramPin] = []
        for text in grant.strings("pins") ?? [] {
            let parts = text.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].hasPrefix("sha256:"), parts[1].hasPrefix("/"),
                let digest = bytes(hexadecimal: parts[0].dropFirst(7)), digest.count == 32
            else {
                grant.refuse(
                    "pins", "'pins': '\(text.prefix(128))' is no pin",
                    suggestion: "write \"sha256:\" with 64 digits, a blank, and an absolute path")
                continue
            }
            pins.append(ProgramPin(digest: digest, path: String(parts[1])))
        }
        return pins
    }

    private static func bytes(hexadecimal text: Substring) -> [UInt8]? {
        let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { index in
            UInt8((digits[index] ?? 0) << 4 | (digits[index + 1] ?? 0))
        }
    }
}
