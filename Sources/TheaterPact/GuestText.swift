// SPDX-License-Identifier: Apache-2.0

/// Text from a guest inside a message of ours.
public enum GuestText {
    /// How much of it is shown, in Unicode scalars.
    public static let sizeMax = 2000

    /// The text on one line, with what could drive a terminal or forge a line made visible.
    public static func shown(_ text: String) -> String {
        var shown = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if index == sizeMax { return shown + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                shown += scalar.escaped(asASCII: true)
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
