// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Why something could not be done with a file.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The path leads out of the root.
        case outside = "filesystem.outside"
        /// The path cannot name a file.
        case badPath = "filesystem.bad-path"
        /// The grant does not cover reading.
        case readDenied = "filesystem.read-denied"
        /// The grant does not cover writing.
        case writeDenied = "filesystem.write-denied"
        /// What lies below the root would grow by more than the grant allows.
        case quota = "filesystem.quota"
        /// There is no such file or folder.
        case notFound = "filesystem.not-found"
        /// There is one already.
        case exists = "filesystem.exists"
        /// It is a folder, or no ordinary file.
        case notAFile = "filesystem.not-a-file"
        /// It is no folder.
        case notAFolder = "filesystem.not-a-folder"
        /// A folder that must be empty is not.
        case notEmpty = "filesystem.not-empty"
        /// A folder cannot be moved into itself.
        case intoItself = "filesystem.into-itself"
        /// More bytes than may be read or written.
        case tooLarge = "filesystem.too-large"
        /// A folder has more entries than may be listed or deleted at once.
        case tooMany = "filesystem.too-many"
        /// Folders lie too deep in each other.
        case tooDeep = "filesystem.too-deep"
        /// The system does not let the node do it.
        case noPermission = "filesystem.no-permission"
        /// The disk is full.
        case noSpace = "filesystem.no-space"
        /// Others are at it, or too many operations wait.
        case busy = "filesystem.busy"
        /// The disk refused.
        case failed = "filesystem.failed"
        /// The root is not there.
        case noRoot = "filesystem.no-root"
        /// The kernel cannot keep paths below a root.
        case unsupported = "filesystem.unsupported"
        /// The node has no files, or is closing.
        case unavailable = "filesystem.unavailable"
        /// The actor ended before the operation began.
        case cancelled = "filesystem.cancelled"
    }

    /// What went wrong.
    public let code: Code
    /// What failed, on which thing, why, and what to do.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message and the code.
    public var description: String { "\(message) [\(code.rawValue)]" }

    /// Whether the grant, or the rules for all grants, forbid what was asked.
    public var isDenial: Bool {
        switch code {
        case .outside, .badPath, .readDenied, .writeDenied, .quota: true
        case .notFound, .exists, .notAFile, .notAFolder, .notEmpty, .intoItself, .tooLarge,
            .tooMany,
            .tooDeep, .noPermission, .noSpace, .busy, .failed, .noRoot, .unsupported, .unavailable,
            .cancelled:
            false
        }
    }

    // MARK: From the system

    /// What the system says of a path.
    static func system(_ number: Int32, _ path: FilePath) -> FileError {
        let name = "'\(path.shown)'"
        switch number {
        case ENOENT:
            return FileError(.notFound, "there is no \(name); check the path, or create it first")
        case EXDEV:
            return FileError(
                .outside,
                "\(name) leads out of the root by a link; use a path that stays below it")
        case ELOOP:
            return FileError(
                .outside,
                "the links of \(name) go in a circle, or are not followed here; name what they lead "
                    + "to")
        case EEXIST: return FileError(.exists, "\(name) exists already; choose another name")
        case ENOTDIR:
            return FileError(.notAFolder, "\(name), or a part of its path, is no folder")
        case EISDIR: return FileError(.notAFile, "\(name) is a folder; name a file")
        case ENXIO, ENODEV, EOPNOTSUPP:
            return FileError(.notAFile, "\(name) is no ordinary file; name another")
        case ENOTEMPTY: return FileError(.notEmpty, "\(name) is not empty; empty it first")
        case EINVAL:
            return FileError(
                .intoItself, "\(name) cannot be moved into itself; choose another place")
        case ENAMETOOLONG, EILSEQ:
            return FileError(.badPath, "\(name) has a name that the disk cannot keep; shorten it")
        case EACCES, EPERM, EROFS:
            return FileError(
                .noPermission,
                "the system does not let the node use \(name): \(text(number)); change its permissions"
            )
        case ENOSPC, EDQUOT, EFBIG:
            return FileError(.noSpace, "there is no room for \(name): \(text(number)); make room")
        case EBUSY, ETXTBSY, EAGAIN:
            return FileError(.busy, "\(name) is in use: \(text(number)); try again later")
        default:
            return FileError(.failed, "\(name) is refused by the system: \(text(number))")
        }
    }

    /// What the system says when a root is opened.
    static func root(_ number: Int32, _ path: String) -> FileError {
        let name = "'\(path.prefix(256))'"
        switch number {
        case ENOSYS, EPERM, E2BIG:
            return FileError(
                .unsupported,
                "the kernel, or the sandbox around the node, lacks openat2, which keeps paths below a "
                    + "root: \(text(number)). Use Linux 5.6 or later, and allow the call")
        case ELOOP, EXDEV:
            return FileError(
                .noRoot, "the root \(name) was replaced by a link after it was granted; start again"
            )
        default:
            return FileError(
                .noRoot, "the root \(name) cannot be opened: \(text(number)); create the folder")
        }
    }

    private static func text(_ number: Int32) -> String {
        guard let text = strerror(number) else { return "errno \(number)" }
        return String(cString: text)
    }
}
