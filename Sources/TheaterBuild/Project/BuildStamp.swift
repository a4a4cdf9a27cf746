// SPDX-License-Identifier: Apache-2.0

/// Remembers what a package was built from.
struct BuildStamp {
    /// A package that is as it was when built.
    struct Found {
        let size: Int
        let sha256: String
    }

    private let path: String

    init(_ project: ActorProject) {
        path = Paths.join(project.directory, ActorProject.buildFolder + "/.stamp")
    }

    /// The package, if it was built from these inputs and nobody changed it since.
    func product(for inputs: String, _ project: ActorProject) -> Found? {
        guard let text = try? Files.text(path) else { return nil }
        let lines = text.split(separator: "\n")
        guard lines.count == 2, lines[0] == inputs,
            let wasm = try? Files.bytes(project.packagePath, max: ActorBuilder.packageSizeMax),
            case let digest = Files.digest(wasm), lines[1] == digest,
            let bindings = try? Files.text(Paths.join(project.directory, Bindings.relativePath)),
            !bindings.isEmpty
        else { return nil }
        return Found(size: wasm.count, sha256: digest)
    }

    func write(inputs: String, sha256: String) throws(BuildError) {
        try Files.write(Array("\(inputs)\n\(sha256)\n".utf8), to: path)
    }

    func remove() { Files.remove(path) }
}
