// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The few file operations of the commands, each with an error that says what to do.
enum Files {
    /// What a path names.
    enum Kind {
        /// Nothing.
        case missing
        /// A folder.
        case folder
        /// Anything else.
        case file
    }

    /// What a path names; what cannot be looked up is missing.
    static func kind(_ path: String) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { return .missing }
        return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
    }

    /// Whether a path leads to a regular file, which can be read without waiting.
    static func isRegular(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// When a file was last written, in nanoseconds since 1970; `nil` for what is not there.
    static func changeTime(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    /// How many bytes a file has; `nil` when there is none.
    static func size(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Int64(status.st_size)
    }

    /// The system's reason for the last refusal.
    static func reason(_ number: Int32 = errno) -> String { String(cString: strerror(number)) }

    /// Reads a whole file.
    static func read(
        _ path: String, sizeMax: Int, status: CommandStatus
    ) throws(CLIError) -> [UInt8] {
        // Opening a pipe that nobody writes to would wait for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw CLIError(
                status, "cli.unreadable",
                "'\(path)' cannot be read: \(reason()); check the path "
                    + "and its permissions")
        }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw CLIError(status, "cli.unreadable", "'\(path)' is not a file; give a file's path")
        }
        return try readAll(descriptor, name: "'\(path)'", sizeMax: sizeMax, status: status)
    }

    /// Reads a descriptor to its end.
    static func readAll(
        _ descriptor: Int32, name: String, sizeMax: Int, status: CommandStatus = .usage
    ) throws(CLIError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw CLIError(status, "cli.unreadable", "\(name) cannot be read: \(reason())")
            }
            guard bytes.count + count <= sizeMax else {
                throw CLIError(
                    status, "cli.too-large",
                    "\(name) is larger than \(SizeText.format(sizeMax)); give less at once")
            }
            bytes += chunk[..<count]
        }
    }

    /// Writes a whole file, readable by everybody.
    static func write(_ bytes: [UInt8], to path: String) throws(CLIError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw CLIError(.failure, "cli.unwritable", "'\(path)' cannot be written: \(reason())")
        }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                throw CLIError(
                    .failure, "cli.unwritable", "'\(path)' cannot be written: \(reason())")
            }
            done += count
        }
    }

    /// Makes a folder and those above it, for the owner alone.
    static func makeFolders(_ path: String) throws(CLIError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += made.isEmpty || made.hasSuffix("/") ? String(part) : "/\(part)"
            if mkdir(made, 0o700) == 0 || errno == EEXIST && kind(made) == .folder { continue }
            let cause = errno == EEXIST ? "'\(made)' is a file" : reason()
            throw CLIError(
                .data, "cli.data-directory",
                "the data directory '\(path)' cannot be made: \(cause); choose another with --data "
                    + "DIR or THEATER_HOME")
        }
    }

    /// The names in a folder, sorted.
    ///
    /// - Throws: `cli.unreadable` when it cannot be read.
    static func list(_ path: String, status: CommandStatus) throws(CLIError) -> [String] {
        guard let names = listing(path) else {
            throw CLIError(
                status, "cli.unreadable",
                "cannot read the folder '\(path)': \(reason()); correct the path, or its rights")
        }
        return names
    }

    /// The names in a folder, sorted; none when it cannot be read.
    static func names(in path: String) -> [String] { listing(path) ?? [] }

    private static func listing(_ path: String) -> [String]? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder), names.count < 10_000 {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names.sorted()
    }

    /// A path below a folder.
    static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }

    /// The folder of a path.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
