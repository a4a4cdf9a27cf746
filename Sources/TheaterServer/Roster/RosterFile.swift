// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterPlatform

/// The roster as a file: JSON of one version, replaced whole at each change.
struct RosterFile: Sendable {
    /// How many actors there may be.
    static let countMax = 1024
    /// The largest file that is read; a document of the API is smaller.
    static let sizeMax = 32 << 20
    private static let version = 1

    let path: String

    /// What the file says.
    struct Content: Sendable, Hashable {
        /// How often the roster was changed.
        var revision: UInt64 = 0
        /// The actors, ordered by name.
        var entries: [RosterEntry] = []
    }

    /// Reads the file; an empty roster when there is none.
    ///
    /// - Throws: `roster.damaged`, `roster.newer-format`, or `roster.disk`.
    func read() throws(Problem) -> Content {
        let bytes: [UInt8]?
        do throws(PrivateFileError) {
            bytes = try PrivateFile.read(path, sizeMax: Self.sizeMax)
        } catch {
            throw Problem(.rosterDisk, "the roster cannot be read: \(error). \(error.remedy)")
        }
        guard let bytes else { return Content() }
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(bytes)
        } catch {
            throw damaged("it is no JSON: \(error)")
        }
        guard let version: UInt64 = json["version"]?.integer() else {
            throw damaged("it has no version")
        }
        guard version <= Self.version else {
            throw Problem(
                .rosterNewer,
                "'\(path)' has the version \(version), and this program knows \(Self.version); run "
                    + "the program that wrote it, or move the file away and make the roster anew")
        }
        guard let revision: UInt64 = json["revision"]?.integer(),
            let items = json["actors"]?.array, items.count <= Self.countMax
        else { throw damaged("it has no revision, or no actors, or too many") }
        do throws(JSONError) {
            return Content(revision: revision, entries: try Self.entries(items))
        } catch {
            throw damaged("\(error)")
        }
    }

    private static func entries(_ items: [JSONValue]) throws(JSONError) -> [RosterEntry] {
        var entries: [RosterEntry] = []
        for item in items { entries.append(try RosterEntry(item, isStored: true)) }
        return entries
    }

    private func damaged(_ words: String) -> Problem {
        Problem(
            .rosterDamaged,
            "'\(path)' is no roster: \(words.prefix(256)); restore it, or move it away and make the "
                + "roster anew with `theater up`")
    }

    /// Puts the content in the place of what is there; on disk when this returns.
    ///
    /// - Throws: `roster.disk`.
    func write(_ content: Content) throws(Problem) {
        let json: JSONValue = [
            "version": .integer(Self.version), "revision": .integer(content.revision),
            "actors": .array(
                content.entries.map { .object([.init("name", .string($0.name))] + $0.members) }),
        ]
        do throws(PrivateFileError) {
            try PrivateFile.replace(path, with: Array((json.description + "\n").utf8))
        } catch {
            throw Problem(.rosterDisk, "the roster cannot be written: \(error). \(error.remedy)")
        }
    }
}
