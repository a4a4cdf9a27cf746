// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterValue

/// What a live actor exports.
struct ExportList {
    /// One export.
    struct Export {
        let name: String
        let usage: String
        let signature: FunctionSignature?
    }

    /// All of them, sorted by name.
    let all: [Export]

    init(of id: ActorID, in system: ActorSystem) throws(ActorError) {
        var all: [Export] = []
        for export in try system.exportList(of: id) {
            all.append(
                Export(
                    name: export.name, usage: export.usage,
                    signature: try system.signature(of: export.name, of: id)))
        }
        self.all = all
    }

    /// The declarations in their binary form.
    var metadata: [UInt8] {
        let metadata = PackageMetadata(imports: [], exports: all.compactMap(\.signature))
        return (try? metadata.encoded()) ?? []
    }

    /// The one that a name means, or an end of it.
    static func find(
        _ name: String, of id: ActorID, in system: ActorSystem
    ) throws(Problem) -> (name: String, signature: FunctionSignature?) {
        // Most name it in full, and need no list.
        if let signature = try? system.signature(of: name, of: id) { return (name, signature) }
        let exports: ExportList
        do throws(ActorError) {
            exports = try ExportList(of: id, in: system)
        } catch {
            throw Problem(error)
        }
        let export = try exports.find(name)
        return (export.name, export.signature)
    }

    private func find(_ name: String) throws(Problem) -> Export {
        if let export = all.first(where: { $0.name == name }) { return export }
        let found = all.filter { $0.name.hasSuffix("." + name) || $0.name.hasSuffix("/" + name) }
        if let export = found.first, found.count == 1 { return export }
        let detail =
            found.isEmpty
            ? "the actor has no function '\(name.prefix(128))'; it exports: "
                + all.prefix(16).map(\.name).joined(separator: ", ")
            : "'\(name.prefix(128))' is the end of several functions: "
                + found.map(\.name).joined(separator: ", ") + "; write more of the name"
        throw Problem(
            status: 422, code: ActorError.Code.unknownFunction.rawValue, detail: detail)
    }
}
