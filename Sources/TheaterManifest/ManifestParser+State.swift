// SPDX-License-Identifier: Apache-2.0

internal import TheaterValue

extension ManifestParser {
    /// Reads `initial_state` or `initial_state_value`.
    mutating func initialState() -> Value? {
        let keys = ["initial_state", "initial_state_value", "initial_state_file"]
        let entries = keys.compactMap { document.root[$0] }
        if let first = entries.first {
            for other in entries.dropFirst() {
                root.add(
                    .conflict, at: other.place,
                    "'\(other.key)' and '\(first.key)' exclude each other", "remove one of them")
            }
        }
        return root.state(text: text)
    }

    /// Reads `initial_state_file` and `initial_state_format`.
    mutating func initialStateFile() -> InitialStateFile? {
        let path = root.string("initial_state_file")
        let words = InitialStateFile.Format.allCases.map(\.rawValue)
        let format = root.choice("initial_state_format", among: words)
        guard let entry = document.root["initial_state_file"] else {
            if let entry = document.root["initial_state_format"] {
                root.add(
                    .conflict, at: entry.place,
                    "'initial_state_format' has no meaning without 'initial_state_file'",
                    "remove it")
            }
            return nil
        }
        guard let path else { return nil }
        guard !path.isEmpty, Manifest.scheme(of: path) == nil else {
            root.refuse(
                "initial_state_file",
                path.isEmpty
                    ? "'initial_state_file' is empty" : "'initial_state_file' must be a file",
                suggestion: "write a path, relative to this file")
            return nil
        }
        return InitialStateFile(
            path: path, format: format.flatMap(InitialStateFile.Format.init(rawValue:)) ?? .string,
            place: entry.node.place)
    }
}

extension SectionReader {
    /// Reads `initial_state` as a string, or `initial_state_value` as the text of a value.
    ///
    /// - Parameter text: the text of the manifest, for the place of a mistake inside the string.
    mutating func state(text: String) -> Value? {
        let plainKey = "initial_state"
        let valueKey = "initial_state_value"
        let plain = entry(plainKey, expected: "a string")
        let typed = string(valueKey)
        if let plain {
            guard case .string(let text) = plain.node.content else {
                mismatch(
                    plainKey, "a string", plain.node,
                    "write a typed value as \(valueKey) = '…'")
                return nil
            }
            return .string(text)
        }
        guard let typed, let node = table[valueKey]?.node else { return nil }
        do throws(ValueTextError) {
            return try ValueText.parse(typed)
        } catch {
            // With variables put in, the string of the text is not the one that was read.
            let place =
                node.isExpanded
                ? nil
                : SourceStringReader.place(of: error.offset, inStringAt: node.offset, of: text)
            add(
                .invalidValue, at: place ?? node.place,
                "'\(valueKey)' is not the text of a value: \(error.detail)", nil)
            return nil
        }
    }
}
