// SPDX-License-Identifier: Apache-2.0

/// Why a function gives no result, as text.
///
/// Thrown by an export whose Pact result is `result<…, string>`, it becomes the `err` that the
/// caller receives; the actor lives on and its state stays as it was. Thrown by a host function,
/// it is the host's explanation.
public struct Failure: Error, Sendable {
    /// The explanation.
    public var message: String

    /// Makes a failure.
    public init(_ message: String) {
        self.message = message
    }

    /// Whether it is the host's error of a code, such as `process.input-closed`. The host's explanations end with
    /// their codes, in brackets.
    public func has(code: String) -> Bool {
        let end = [UInt8(ascii: "[")] + Array(code.utf8) + [UInt8(ascii: "]")]
        return message.utf8.suffix(end.count).elementsEqual(end)
    }
}

/// The error of a function whose Pact result is `result<…, T>` for a `T` that cannot be a Swift
/// error itself, such as a number or a tuple.
public struct Rejection<Payload: Sendable>: Error, Sendable {
    /// What came instead of a result.
    public var payload: Payload

    /// Makes a rejection.
    public init(_ payload: Payload) {
        self.payload = payload
    }
}
