// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime
internal import Crypto
internal import Glibc

/// Compiled modules as files: `<wasm digest>-<configuration digest>.cwasm` beside its SHA-256.
///
/// Loading compiled code trusts it, so the folder is the node's own (mode 0700), and a file whose
/// digest does not match its `.sha256` is compiled anew. A disk that refuses costs time, no more.
struct DiskCache: Sendable {
    private let directory: String
    private let suffix: String

    init(directory: String) throws(EngineError) {
        self.directory = directory
        let fingerprint = SHA256.hash(data: Array(EngineConfiguration.fingerprint.utf8))
        suffix = "-" + String(ModuleCache.hex(fingerprint).prefix(16)) + ".cwasm"
        try Self.makeDirectories(directory)
        var status = stat()
        guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw EngineError(.cache, "'\(directory)' is not a folder; choose another cache folder")
        }
        guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw EngineError(
                .cache,
                "'\(directory)' can be written by other users, who could put machine code there; "
                    + "make it yours alone with chmod 700, or choose another cache folder")
        }
    }

    private static func makeDirectories(_ path: String) throws(EngineError) {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            prefix += part
            if mkdir(prefix, 0o700) != 0, errno != EEXIST {
                throw EngineError(
                    .cache,
                    "the cache folder '\(prefix)' cannot be made: \(String(cString: strerror(errno)))"
                )
            }
            prefix += "/"
        }
    }

    /// The module compiled earlier, if its file is whole.
    func load(digest: String, engine: EngineHandle) -> OpaquePointer? {
        let path = directory + "/" + digest + suffix
        guard let expected = SystemFile.read(path + ".sha256"), let code = Self.contents(path),
            ModuleCache.hex(SHA256.hash(data: code)) == expected
        else { return nil }
        var pointer: OpaquePointer?
        if let error = wasmtime_module_deserialize_file(engine.pointer, path, &pointer) {
            wasmtime_error_delete(error)
            return nil
        }
        return pointer
    }

    /// Keeps a compiled module; a disk that refuses is not an error.
    func save(_ module: OpaquePointer, digest: String) {
        var bytes = wasm_byte_vec_t()
        if let error = wasmtime_module_serialize(module, &bytes) {
            wasmtime_error_delete(error)
            return
        }
        defer { wasm_byte_vec_delete(&bytes) }
        let code = UnsafeRawBufferPointer(start: bytes.data, count: bytes.size)
        let path = directory + "/" + digest + suffix
        guard Self.write(code, to: path) else { return }
        let checksum = Array(ModuleCache.hex(SHA256.hash(data: code)).utf8)
        _ = checksum.withUnsafeBytes { Self.write($0, to: path + ".sha256") }
    }

    private static func contents(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_size <= 1 << 30 else { return nil }
        let size = Int(status.st_size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let step = Glibc.read(file, buffer.baseAddress! + count, size - count)
                guard step > 0 else { break }
                count += step
            }
        }
        return bytes.count == size ? bytes : nil
    }

    /// Writes beside and renames, so that a reader never sees half a file.
    private static func write(_ bytes: UnsafeRawBufferPointer, to path: String) -> Bool {
        let temporary = path + ".\(getpid()).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        var written = 0
        while written < bytes.count, let base = bytes.baseAddress {
            let step = Glibc.write(file, base + written, bytes.count - written)
            guard step > 0 else { break }
            written += step
        }
        close(file)
        guard written == bytes.count, rename(temporary, path) == 0 else {
            unlink(temporary)
            return false
        }
        return true
    }
}
