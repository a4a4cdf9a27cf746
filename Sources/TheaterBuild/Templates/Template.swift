// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A project to start from.
public struct Template: Sendable, Hashable {
    /// The name on the command line.
    public let name: String
    /// What the actor does, in a few words.
    public let summary: String

    /// The placeholder for the project's name in the template's files.
    static let placeholder = "{{name}}"
    /// The longest name of a project, in bytes.
    public static let nameSizeMax = 64
}

/// The templates in the binary.
public enum Templates {
    /// Every template, the default one first.
    public static let all = [
        Template(name: "hello", summary: "greets people and counts them; keeps state and logs"),
        Template(
            name: "counter",
            summary: "a counter without permissions; shows records, enums, variants and options"),
        Template(name: "text", summary: "measures documents that it is given as bytes"),
        Template(
            name: "mailbox", summary: "keeps messages, answers requests, and writes to other actors"
        ),
        Template(name: "files", summary: "keeps notes in files below one folder"),
        Template(name: "process", summary: "runs a program and hears its output line by line"),
        Template(
            name: "mcp-client",
            summary: "starts a tool server (MCP), lists its tools, and calls one within a time"),
    ]

    /// The template of a name.
    ///
    /// - Throws: `build.unknown-template` with the names there are.
    public static func named(_ name: String) throws(BuildError) -> Template {
        guard let template = all.first(where: { $0.name == name }) else {
            let names = all.map(\.name).joined(separator: ", ")
            throw BuildError(
                .unknownTemplate, "there is no template '\(name)'; choose one of \(names)")
        }
        return template
    }
}

extension Template {
    /// Makes a project.
    ///
    /// - Parameters:
    ///   - project: the project's name: lower-case letters, digits and hyphens, a letter first.
    ///   - directory: the project's folder, made if it is not there.
    /// - Returns: the files made, as paths that start with `directory`, sorted.
    /// - Throws: `build.bad-name`, `build.folder-not-empty`, `build.unwritable`. Nothing is written
    ///   in the first two cases.
    @discardableResult
    public func instantiate(
        name project: String, into directory: String
    ) throws(BuildError) -> [String] {
        try Self.validate(project)
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: directory, isDirectory: &isFolder) {
            guard isFolder.boolValue, try Files.names(directory).isEmpty else {
                throw BuildError(
                    .folderNotEmpty,
                    "\(directory) exists and is not an empty folder; "
                        + "choose another name or move it away")
            }
        }
        var created: [String] = []
        for file in files {
            let path = Paths.join(directory, file.path)
            let text = Self.withoutLicence(file.text).replacing(Self.placeholder, with: project)
            try Files.write(Array(text.utf8), to: path)
            created.append(path)
        }
        return created.sorted()
    }

    /// A text without the line that tells this repository's licence: a project is its author's.
    private static func withoutLicence(_ text: String) -> String {
        let line = "// SPDX-License-Identifier: Apache-2.0\n\n"
        return text.hasPrefix(line) ? String(text.dropFirst(line.count)) : text
    }

    /// The template's files, with paths relative to the project.
    var files: [EmbeddedFile] {
        EmbeddedFiles.templates.compactMap { file in
            guard file.path.hasPrefix(name + "/") else { return nil }
            return EmbeddedFile(
                path: String(file.path.dropFirst(name.count + 1)), text: file.text)
        }
    }

    /// Checks a project's name, which also becomes part of interface names.
    static func validate(_ name: String) throws(BuildError) {
        let bytes = Array(name.utf8)
        let isLetter = { (byte: UInt8) in byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
        let isDigit = { (byte: UInt8) in byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        let isHyphen = { (byte: UInt8) in byte == UInt8(ascii: "-") }
        let isValid =
            bytes.count <= nameSizeMax
            && bytes.first.map(isLetter) ?? false
            && bytes.allSatisfy { isLetter($0) || isDigit($0) || isHyphen($0) }
            && !(bytes.last.map(isHyphen) ?? false)
        guard isValid else {
            throw BuildError(
                .badName,
                "'\(name)' cannot be a project's name; use up to \(nameSizeMax) "
                    + "lower-case letters, digits and hyphens, with a letter first")
        }
    }
}
