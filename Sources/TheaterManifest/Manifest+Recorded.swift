// SPDX-License-Identifier: Apache-2.0

extension Manifest {
    /// The bytes whose digest names the manifest in a chain: the source and, if values were given
    /// from outside, a NUL byte and a line `name=value` for each in the order of the names.
    ///
    /// Line feeds and backslashes of a value are escaped, so different values give different bytes.
    /// A secret is never among them: the source holds its reference alone. A manifest that was made in
    /// code has a text made from it for a source: its name, its package, its handlers, and what of its
    /// limits and its chain is not at the default.
    public var recorded: [UInt8] {
        guard !source.isEmpty else { return Array(written.utf8) }
        guard !variables.isEmpty else { return Array(source.utf8) }
        var bytes = Array(source.utf8) + [0]
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
            let escaped = value.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
            bytes += Array("\(name)=\(escaped)\n".utf8)
        }
        return bytes
    }

    /// What of a manifest that was made in code is not among its recorded bytes; `nil` when nothing is
    /// missing.
    public var unrecordedKey: String? {
        guard source.isEmpty else { return nil }
        if !children.isEmpty { return "children" }
        if supervision != SupervisionSettings() { return "supervision" }
        if !rpc.isEmpty { return "exports.rpc" }
        if !policies.isEmpty { return "permission_policy" }
        return nil
    }

    /// The text of a manifest that has none.
    private var written: String {
        var text =
            "name = \(ManifestText.quoted(name))\npackage = \(ManifestText.quoted(package))\n"
        if let sha256 { text += "sha256 = \(ManifestText.quoted(sha256))\n" }
        if onError != .fail { text += "on_error = \"\(onError.rawValue)\"\n" }
        text += limits.written
        if chain != ChainSettings() {
            text += "[chain]\ndurability = \"\(chain.durability.rawValue)\"\n"
            if chain.durability == .async {
                text += "delay = \"\(DurationText.format(chain.delay))\"\n"
            }
            if chain.isDurable {
                text += "durable = true\nsnapshot_every = \(chain.snapshotEvery)\n"
            }
        }
        for handler in handlers {
            text += "[[handler]]\ntype = \(ManifestText.quoted(handler.type))\n"
            if let inDoubt = handler.inDoubt { text += "in_doubt = \"\(inDoubt.rawValue)\"\n" }
            for (key, value) in handler.configuration.sorted(by: { $0.key < $1.key }) {
                text += "\(ManifestText.quoted(key)) = \(ManifestText.value(value))\n"
            }
        }
        return text
    }
}

extension Manifest {
    /// Reads the recorded bytes of a manifest. What it refers to is not read.
    public init(recorded bytes: [UInt8]) throws(ManifestDiagnostics) {
        let (text, given) = Self.parts(ofRecorded: bytes)
        self = try Manifest.parse(text, file: "the recorded manifest", variables: given)
    }

    /// The text and the values of its variables.
    fileprivate static func parts(
        ofRecorded bytes: [UInt8]
    ) -> (text: String, given: [String: String]) {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let text = parts.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        var given: [String: String] = [:]
        if parts.count > 1 {
            for line in String(decoding: parts[1], as: UTF8.self).split(separator: "\n") {
                guard let equals = line.firstIndex(of: "=") else { continue }
                given[String(line[..<equals])] = unescaped(line[line.index(after: equals)...])
            }
        }
        return (text, given)
    }

    private static func unescaped(_ text: Substring) -> String {
        var result = ""
        var isEscaped = false
        for character in text {
            switch (isEscaped, character) {
            case (false, "\\"): isEscaped = true
            case (true, "n"): (result, isEscaped) = (result + "\n", false)
            default:
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }
}

extension Limits {
    /// The limits in the recorded bytes of a manifest, whatever else those hold.
    ///
    /// - Throws: what is wrong with the text, or with its limits.
    public init(recorded bytes: [UInt8]) throws(ManifestDiagnostics) {
        let (text, given) = Manifest.parts(ofRecorded: bytes)
        let file = "the recorded manifest"
        let document: SourceDocument
        do throws(SourceError) {
            document = try SourceParser.parse(text)
        } catch {
            throw ManifestDiagnostics([
                ManifestDiagnostic(
                    error.code, file: file, at: error.place, error.message,
                    suggestion: error.suggestion)
            ])
        }
        var values = Variables(document, file: file, text: text, given: given)
        let root = values.expandRoot(document.root)
        self.init()
        guard case .table(let table)? = root["limits"]?.node.content else { return }
        var reader = SectionReader(table, file: file, title: "[limits]")
        self.init(&reader)
        try reader.finish()
    }

    /// What is not at its default, as a section.
    fileprivate var written: String {
        let defaults = Limits()
        guard self != defaults else { return "" }
        var text = "[limits]\n"
        func add(_ key: String, _ value: String, if isOther: Bool) {
            if isOther { text += "\(key) = \(value)\n" }
        }
        add("memory", "\"\(memory)\"", if: memory != defaults.memory)
        add("table_elements", "\(tableElements)", if: tableElements != defaults.tableElements)
        add("fuel_per_call", "\(fuelPerCall)", if: fuelPerCall != defaults.fuelPerCall)
        if let fuelPerLife { add("fuel_per_life", "\(fuelPerLife)", if: true) }
        for (key, value, usual) in [
            ("call_timeout", callTimeout, defaults.callTimeout),
            ("init_timeout", initTimeout, defaults.initTimeout),
            ("message_age_max", messageAgeMax, defaults.messageAgeMax),
        ] {
            add(key, "\"\(DurationText.format(value))\"", if: value != usual)
        }
        if let requestTimeout {
            add("request_timeout", "\"\(DurationText.format(requestTimeout))\"", if: true)
        }
        add("mailbox", "\(mailbox)", if: mailbox != defaults.mailbox)
        add(
            "mailbox_policy", "\"\(mailboxPolicy.rawValue)\"",
            if: mailboxPolicy != defaults.mailboxPolicy)
        return text
    }
}

/// Values as manifests write them.
enum ManifestText {
    /// Text in quotes.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let digits = String(scalar.value, radix: 16)
                    quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    quoted.unicodeScalars.append(scalar)
                }
            }
        }
        return quoted + "\""
    }

    /// A value of a handler's configuration; of a secret where it is found.
    static func value(_ value: ManifestValue) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .integer(let number): "\(number)"
        case .float(let number): "\(number)"
        case .bool(let isTrue): "\(isTrue)"
        case .array(let items): "[\(items.map(Self.value).joined(separator: ", "))]"
        case .table(let entries):
            "{ "
                + entries.sorted { $0.key < $1.key }
                .map { "\(quoted($0.key)) = \(Self.value($0.value))" }.joined(separator: ", ")
                + " }"
        case .secret(let reference): quoted("\(reference)")
        }
    }
}
