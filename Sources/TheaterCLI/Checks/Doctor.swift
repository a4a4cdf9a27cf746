// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterAPI
internal import TheaterBuild
internal import TheaterEngine
internal import TheaterPlatform

/// One thing that the doctor looked at.
struct DoctorFact: Sendable, Hashable {
    /// What it is, in a stable word.
    let name: String
    /// What was found.
    let value: String
    /// What to do when this would stop somebody; `nil` when it is well.
    var remedy: String?

    var json: JSON {
        .object([
            ("name", .string(name)), ("value", .string(value)), ("ok", .bool(remedy == nil)),
            ("remedy", .optional(remedy)),
        ])
    }
}

/// Looks at what Theater needs of a machine.
struct Doctor {
    let context: CLIContext
    let dataDirectory: String

    /// How many times the disk is asked to sync.
    static let syncCount = 50
    /// The least free space that is well.
    static let freeSizeMin: UInt64 = 100 << 20

    /// Everything there is to know, the most important first.
    ///
    /// - Parameter found: gets each fact as soon as it is known: some take long.
    func facts(_ found: (DoctorFact) -> Void) {
        found(DoctorFact(name: "theater", value: CommandLineTool.version))
        for look in [toolchain, engine, guests, openFiles] { found(look()) }
        for fact in data() { found(fact) }
    }

    private func toolchain() -> DoctorFact {
        do throws(BuildError) {
            let found = try Toolchain.locate(environment: context.variables())
            let version = Self.firstLine(of: found.swiftc, "--version") ?? "version unknown"
            return DoctorFact(name: "swift", value: "\(version) (\(found.swiftc))")
        } catch {
            return DoctorFact(
                name: "swift", value: "not found; actors can be run, but not built",
                remedy: error.message)
        }
    }

    private func engine() -> DoctorFact {
        do throws(EngineError) {
            _ = try Engine(EngineOptions(guestsMax: 1))
            let path = Self.loadedLibrary("libwasmtime").map { " (\($0))" } ?? ""
            return DoctorFact(name: "wasmtime", value: Engine.version + path)
        } catch {
            return DoctorFact(
                name: "wasmtime", value: error.message,
                remedy: "allow this process more address space (ulimit -v unlimited)")
        }
    }

    private func guests() -> DoctorFact {
        let count = (try? Files.read("/proc/sys/vm/max_map_count", sizeMax: 64, status: .failure))
            .map { String(decoding: $0, as: UTF8.self).filter(\.isNumber) }
        return DoctorFact(
            name: "guests",
            value:
                "up to \(Engine.guestCeiling()) at once; vm.max_map_count is \(count ?? "unknown")")
    }

    private func openFiles() -> DoctorFact {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return DoctorFact(name: "open-files", value: "unknown")
        }
        let isLow = limit.rlim_cur < 256
        return DoctorFact(
            name: "open-files", value: "\(limit.rlim_cur) at once",
            remedy: isLow ? "raise the limit: ulimit -n 4096" : nil)
    }

    // MARK: The data directory

    private func data() -> [DoctorFact] {
        do throws(CLIError) {
            try Files.makeFolders(dataDirectory)
        } catch {
            return [DoctorFact(name: "data", value: dataDirectory, remedy: error.message)]
        }
        let space = free()
        do throws(DiskError) {
            let times = try SyncProbe.run(in: dataDirectory, count: Self.syncCount)
            return [
                DoctorFact(name: "data", value: "\(dataDirectory), writable"), space,
                DoctorFact(
                    name: "sync",
                    value:
                        "\(DurationLabel.format(nanoseconds: times[times.count / 2])) for 4 KiB, the median "
                        + "of \(times.count)"),
            ]
        } catch {
            return [
                DoctorFact(
                    name: "data", value: dataDirectory,
                    remedy: "\(error). \(error.remedy) Or choose another with --data DIR."),
                space,
            ]
        }
    }

    private func free() -> DoctorFact {
        var status = statvfs()
        guard statvfs(dataDirectory, &status) == 0 else {
            return DoctorFact(name: "free-space", value: "unknown: \(Files.reason())")
        }
        let (size, overflow) = UInt64(status.f_bavail)
            .multipliedReportingOverflow(by: UInt64(status.f_frsize))
        let isLow = !overflow && size < Self.freeSizeMin
        return DoctorFact(
            name: "free-space", value: SizeText.format(overflow ? .max : size),
            remedy: isLow ? "free some space there, or choose another disk with --data DIR" : nil)
    }

    // MARK: The surroundings

    /// The path of a library that this process has loaded.
    private static func loadedLibrary(_ name: String) -> String? {
        guard let bytes = try? Files.read("/proc/self/maps", sizeMax: 16 << 20, status: .failure)
        else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.contains(name) }),
            let start = line.firstIndex(of: "/")
        else { return nil }
        return String(line[start...])
    }

    /// The first line that a tool prints.
    private static func firstLine(of tool: String, _ argument: String) -> String? {
        let quoted =
            "'"
            + tool.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
        guard let pipe = popen("\(quoted) \(argument) 2>/dev/null", "r") else { return nil }
        defer { pclose(pipe) }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = fread(&buffer, 1, buffer.count, pipe)
        let line = buffer.prefix(count).prefix { $0 != UInt8(ascii: "\n") }
        return line.isEmpty ? nil : Printable.line(String(decoding: line, as: UTF8.self))
    }
}

/// Measures how long the disk takes to make a write last.
enum SyncProbe {
    /// Writes 4 KiB and waits for the disk, several times.
    ///
    /// - Returns: the durations in nanoseconds, sorted.
    static func run(in folder: String, count: Int) throws(DiskError) -> [Int64] {
        let disk = SystemDisk()
        let path = Files.join(folder, ".doctor-\(CurrentProcess.id)")
        let file = try disk.open(path, .replace)
        defer {
            disk.close(file)
            unlink(path)
        }
        let block = [UInt8](repeating: 0x5A, count: 4096)
        var times: [Int64] = []
        for index in 0..<count {
            let start = MonotonicTime.now()
            var failure: DiskError?
            block.withUnsafeBytes { buffer in
                do throws(DiskError) {
                    try disk.writeAll(file, from: buffer, at: UInt64(index * block.count))
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            try disk.sync(file)
            times.append(MonotonicTime.now().nanoseconds - start.nanoseconds)
        }
        return times.sorted()
    }
}
