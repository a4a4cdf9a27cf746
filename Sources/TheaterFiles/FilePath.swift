// SPDX-License-Identifier: Apache-2.0

/// A path below a root, in its shortest form: no `.`, no `..`, no double slash.
///
/// What the text alone says is decided here. What links make of it is decided by the kernel, when the
/// path is opened.
public struct FilePath: Sendable {
    /// The longest path, in bytes.
    public static let sizeMax = 4095
    /// The longest name in it, in bytes.
    public static let nameSizeMax = 255

    /// The names from the root on.
    let names: [Substring]

    /// Reads a path as an actor gives it: relative to its root, with `/` between names. `.` is the root.
    ///
    /// - Throws: `filesystem.bad-path` for what names nothing, `filesystem.outside` for what is absolute or
    ///   has a `..`.
    public init(_ text: String) throws(FileError) {
        let bytes = text.utf8
        guard !bytes.isEmpty, bytes.count <= Self.sizeMax, !bytes.contains(0) else {
            throw FileError(
                .badPath,
                "\"\(Self.shown(text))\" is no path: one has 1 to \(Self.sizeMax) bytes and no NUL; \".\" is "
                    + "the root")
        }
        guard bytes.first != UInt8(ascii: "/") else {
            throw FileError(
                .outside,
                "'\(Self.shown(text))' is absolute; give a path relative to the root of the grant")
        }
        // By bytes: a mark that combines with a slash must not hide it.
        let parts = bytes.split(separator: UInt8(ascii: "/")).map { Substring($0) }
        guard !parts.contains(where: { $0.utf8.elementsEqual("..".utf8) }) else {
            throw FileError(
                .outside,
                "'\(Self.shown(text))' has '..', which may lead out of the root; leave it out")
        }
        names = parts.filter { !$0.utf8.elementsEqual(".".utf8) }
        guard names.allSatisfy({ $0.utf8.count <= Self.nameSizeMax }) else {
            throw FileError(
                .badPath,
                "'\(Self.shown(text))' has a name of more than \(Self.nameSizeMax) bytes; shorten it"
            )
        }
    }

    private init(names: [Substring]) { self.names = names }

    /// The path as text; `.` for the root.
    public var text: String { names.isEmpty ? "." : names.joined(separator: "/") }

    /// The folder that it lies in and its name there; `nil` for the root.
    var parts: (folder: FilePath, name: String)? {
        guard let last = names.last else { return nil }
        return (FilePath(names: names.dropLast()), String(last))
    }

    /// The path for people: its beginning, on one line.
    var shown: String { Self.shown(text) }

    private static func shown(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(256).map { scalar in
            scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? "\u{FFFD}" : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
