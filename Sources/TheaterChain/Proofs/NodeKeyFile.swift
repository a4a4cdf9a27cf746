// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// The key of a node in its data directory: `keys/node.key`, for its owner alone.
public enum NodeKeyFile {
    /// The folder in the data directory.
    static let folder = "keys"
    /// The file in that folder.
    static let name = "node.key"
    static let sizeMax = 4096

    /// Where the key of a data directory is.
    public static func path(in dataDirectory: String) -> String {
        dataDirectory + "/" + folder + "/" + name
    }

    /// Reads the key; `nil` when there is none yet.
    ///
    /// - Throws: ``ProofError`` `proof.key-file` when others could read it, or when it is not a key.
    public static func load(from dataDirectory: String) throws(ProofError) -> NodeKey? {
        let path = path(in: dataDirectory)
        let bytes: [UInt8]?
        do throws(PrivateFileError) {
            bytes = try PrivateFile.read(path, sizeMax: sizeMax)
        } catch {
            throw ProofError(.keyFile, "\(error)", remedy: error.remedy)
        }
        guard let bytes else { return nil }
        guard bytes.last == 0x0A,
            let text = String(validating: bytes.dropLast(), as: UTF8.self),
            let key = try? NodeKey(fileText: text), key.fileText.utf8.elementsEqual(text.utf8)
        else {
            throw ProofError(
                .keyFile, "'\(path)' is not the key of a node",
                remedy:
                    "Restore it from a copy; or move it away, and a new key is made, which those "
                    + "who trust the old one must be told.")
        }
        return key
    }

    /// Reads the key, or makes one when there is none.
    ///
    /// The new key is on stable storage before this returns. Two processes that make one at once get the
    /// same.
    ///
    /// - Parameters:
    ///   - dataDirectory: exists already.
    ///   - name: the name of the key, when it is made.
    /// - Throws: ``ProofError`` `proof.key-file`; `proof.bad-key` for a name that cannot be one.
    public static func loadOrMake(
        in dataDirectory: String, name: String? = nil
    ) throws(ProofError) -> NodeKey {
        if let key = try load(from: dataDirectory) { return key }
        let key = try NodeKey.random(name: name)
        let path = path(in: dataDirectory)
        do throws(PrivateFileError) {
            try PrivateFile.make(path, Array((key.fileText + "\n").utf8))
        } catch {
            throw ProofError(.keyFile, "\(error)", remedy: error.remedy)
        }
        // Whoever came first has made it.
        guard let kept = try load(from: dataDirectory) else {
            throw ProofError(
                .keyFile, "'\(path)' went away while it was made",
                remedy: "Find out who removed it, and try again.")
        }
        return kept
    }
}
