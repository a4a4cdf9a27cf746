// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation

/// Paths as texts.
enum Paths {
    /// A path below a folder; the folder `.` leaves no trace.
    static func join(_ folder: String, _ path: String) -> String {
        if folder == "." || folder.isEmpty { return path }
        return folder.hasSuffix("/") ? folder + path : folder + "/" + path
    }

    /// A folder as people call it.
    static func shown(_ folder: String) -> String {
        folder == "." || folder.isEmpty ? "this folder" : folder
    }

    /// The folder of a path.
    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Whether a path cannot lead out of the folder it is relative to.
    static func isInside(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return !parts.isEmpty && !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }
            && !path.contains("\0")
    }
}

/// The disk, with this target's errors.
enum Files {
    /// A whole file of at most `ActorProject.fileSizeMax` bytes.
    static func bytes(_ path: String, max: Int) throws(BuildError) -> [UInt8] {
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            let data = try handle.read(upToCount: max + 1) ?? Data()
            guard data.count <= max else {
                throw BuildError(.unreadable, "\(path) is larger than \(max) bytes; split it")
            }
            return [UInt8](data)
        } catch let error as BuildError {
            throw error
        } catch {
            throw BuildError(.unreadable, "\(path) cannot be read: \(reason(error))")
        }
    }

    /// A whole text file.
    static func text(_ path: String) throws(BuildError) -> String {
        let bytes = try bytes(path, max: ActorProject.fileSizeMax)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw BuildError(.unreadable, "\(path) is not UTF-8 text; save it as UTF-8")
        }
        return text
    }

    /// The names in a folder, sorted.
    static func names(_ folder: String) throws(BuildError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw BuildError(.unreadable, "\(folder) cannot be read: \(reason(error))")
        }
    }

    /// The files below a folder with a suffix, sorted. Hidden folders are left out.
    static func tree(
        _ folder: String, suffix: String, max: Int, depth: Int = 0
    ) throws(BuildError) -> [String] {
        guard depth < 16 else {
            throw BuildError(.unreadable, "\(folder) is nested too deep; flatten the folders")
        }
        var found: [String] = []
        for name in try names(folder) where !name.hasPrefix(".") {
            let path = Paths.join(folder, name)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                continue
            }
            if isFolder.boolValue {
                found += try tree(path, suffix: suffix, max: max, depth: depth + 1)
            } else if name.hasSuffix(suffix) {
                found.append(path)
            }
            guard found.count <= max else {
                throw BuildError(
                    .unreadable, "\(folder) has more than \(max) \(suffix) files; join some")
            }
        }
        return found
    }

    /// Writes a file so that readers see the old or the new content, never a part.
    static func write(_ bytes: [UInt8], to path: String) throws(BuildError) {
        try makeFolder(Paths.parent(path))
        do {
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw BuildError(.unwritable, "\(path) cannot be written: \(reason(error))")
        }
    }

    /// Makes a folder with its parents.
    static func makeFolder(_ path: String) throws(BuildError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw BuildError(.unwritable, "\(path) cannot be made: \(reason(error))")
        }
    }

    /// Removes a file or folder if it is there.
    static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The SHA-256 of bytes as hexadecimal digits.
    static func digest(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    static func reason(_ error: any Error) -> String {
        let error = error as NSError
        if let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError,
            cause.domain == NSPOSIXErrorDomain
        {
            return String(cString: strerror(Int32(truncatingIfNeeded: cause.code)))
        }
        return error.localizedDescription
    }
}

/// A digest of several texts that keeps them apart.
struct InputDigest {
    private var hash = SHA256()

    mutating func add(_ bytes: [UInt8]) {
        withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.update(bufferPointer: $0) }
        hash.update(data: bytes)
    }

    mutating func add(_ text: String) { add(Array(text.utf8)) }

    func finish() -> String {
        let digits = hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return digits.joined()
    }
}
