// SPDX-License-Identifier: Apache-2.0

/// Why the engine could not load a module, start a guest or finish a call.
public struct EngineError: Error, Sendable, Hashable {
    /// What went wrong. The raw value is stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The bytes are not a WebAssembly module that this engine accepts.
        case invalidModule = "engine.invalid-module"
        /// The module lacks an export that every actor needs, or exports it with another type.
        case missingExport = "engine.missing-export"
        /// The module imports something that is not a host function of the actor convention.
        case unsupportedImport = "engine.unsupported-import"
        /// The node has no room for another guest.
        case guestCeiling = "engine.guest-ceiling"
        /// The guest could not be instantiated, for a reason that is not its own code's.
        case instantiation = "engine.instantiation"
        /// The guest executed a trap.
        case trap = "engine.trap"
        /// The guest used up the fuel of its call.
        case outOfFuel = "engine.out-of-fuel"
        /// The call's deadline passed.
        case deadline = "engine.deadline"
        /// The guest was told to end at once.
        case killed = "engine.killed"
        /// The guest broke the calling convention.
        case convention = "engine.convention"
        /// The guest has no export of that name.
        case unknownExport = "engine.unknown-export"
        /// A host function could not answer.
        case hostFunction = "engine.host-function"
        /// The folder of the module cache cannot be used.
        case cache = "engine.cache"
    }

    /// One frame of a wasm backtrace, innermost first.
    public struct Frame: Sendable, Hashable {
        /// The function's index in its module.
        public let functionIndex: UInt32
        /// The function's name, when the module has a name section.
        public let functionName: String?
        /// The position of the instruction in the module, in bytes.
        public let moduleOffset: Int
    }

    /// What went wrong.
    public let code: Code
    /// The fact and the remedy, as one text.
    public let message: String
    /// The wasm call stack at the failure, innermost first; empty when there is none.
    public let frames: [Frame]

    /// Makes an error.
    public init(_ code: Code, _ message: String, frames: [Frame] = []) {
        self.code = code
        self.message = message
        self.frames = frames
    }
}

extension EngineError: CustomStringConvertible {
    /// The fact, the remedy, the code and the backtrace.
    public var description: String {
        var text = "\(message) [\(code.rawValue)]"
        for (index, frame) in frames.enumerated() {
            text += "\n  \(index): \(frame)"
        }
        return text
    }
}

extension EngineError.Frame: CustomStringConvertible {
    /// The function's name or index, and where in the module it stood.
    public var description: String {
        let name = functionName ?? "function \(functionIndex)"
        // A stack overflow is found before the first instruction, at no offset.
        guard moduleOffset >= 0 else { return name }
        return "\(name) at offset 0x\(String(moduleOffset, radix: 16))"
    }
}
