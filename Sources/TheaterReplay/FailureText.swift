// SPDX-License-Identifier: Apache-2.0

public import TheaterEngine
internal import TheaterPact

/// The sentences with which chains say how a call failed.
///
/// The runtime records them, and a replay compares them whole: a text that contains another is another.
public enum FailureText {
    /// How many bytes of an error text are read.
    private static let textSizeMax = 65536

    /// The error text that a guest answered with in place of a value.
    public static func text(of answer: [UInt8]) -> String {
        String(decoding: answer.prefix(textSizeMax), as: UTF8.self)
    }

    /// That a function answered with an error, which is shown.
    public static func answered(_ function: String, _ shown: String) -> String {
        "'\(function)' answered with an error: \(shown)"
    }

    /// That a trap, or what counts as one, ended the actor in a call of a function.
    public static func crashed(_ function: String, _ cause: EngineError) -> String {
        sentence(function, cause) + hint(for: cause)
    }

    /// A failure as it is recorded: what happened, the code, and where in the wasm.
    public static func recorded(
        _ message: String, _ code: String, _ frames: [EngineError.Frame] = []
    ) -> String {
        var text = "\(message) [\(code)]"
        for (index, frame) in frames.enumerated() { text += "\n  \(index): \(frame)" }
        return text
    }

    /// Whether this is how the end of an answer with an error text is recorded.
    static func isAnswer(_ recorded: String, of function: String, _ answer: [UInt8]) -> Bool {
        recorded
            == self.recorded(
                answered(function, GuestText.shown(text(of: answer))), RecordedEnd.guestError)
    }

    /// Whether this is how a crash is recorded.
    ///
    /// - Parameter isOther: the code is other code than the recorded one, so where it stood in its wasm
    ///   says nothing, and neither does the hint that was made from it.
    static func isCrash(
        _ recorded: String, in function: String, _ cause: EngineError, isOther: Bool
    ) -> Bool {
        guard isOther else {
            return recorded
                == self.recorded(crashed(function, cause), RecordedEnd.crashed, cause.frames)
        }
        return hints.contains { hint in
            let text = self.recorded(sentence(function, cause) + hint, RecordedEnd.crashed)
            return recorded == text || recorded.hasPrefix(text + "\n  0: ")
        }
    }

    // MARK: Starts

    /// What a crash while an actor starts is recorded as the call of.
    public static let start = "start"

    /// Whether the end of an actor is recorded as a crash of its start, of its code's making.
    static func isFailedStart(_ reason: String) -> Bool {
        reason.hasPrefix(sentence(start, "")) && reason != sentence(start, Guest.deadlineMessage)
    }

    /// Whether the end of an actor is recorded as this crash of its start.
    static func isStart(_ reason: String, _ cause: EngineError, isOther: Bool) -> Bool {
        isOther
            ? hints.contains { reason == sentence(start, cause) + $0 }
            : reason == crashed(start, cause)
    }

    // MARK: Parts

    private static func sentence(_ function: String, _ cause: EngineError) -> String {
        sentence(function, cause.message)
    }

    private static func sentence(_ function: String, _ cause: String) -> String {
        "'\(function)' ended the actor: \(cause)"
    }

    private static let memoryHint = " (out of memory; raise memory under [limits])"
    private static let codeHint =
        " (in Swift code: a failed precondition, an index out of range, an overflow, or fatalError)"
    private static let hints = ["", memoryHint, codeHint]

    /// What a bare `unreachable` means in code of the SDK, as far as its frames tell.
    private static func hint(for cause: EngineError) -> String {
        guard cause.code == .trap, cause.message == "unreachable executed" else { return "" }
        let allocators = ["malloc", "posix_memalign", "swift_slowAlloc"]
        if let name = cause.frames.first?.functionName, allocators.contains(name) {
            return memoryHint
        }
        return codeHint
    }
}
