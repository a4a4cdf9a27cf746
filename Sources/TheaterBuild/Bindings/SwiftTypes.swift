// SPDX-License-Identifier: Apache-2.0

import TheaterPact

/// How shapes are spelled in Swift and annotated on the wire.
struct SwiftTypes {
    let table: TypeTable

    /// The Swift type of a shape.
    func name(_ shape: Shape) -> String {
        switch shape {
        case .scalar(let scalar): return scalar.swiftType
        case .list(let item): return "[\(name(item))]"
        case .option(let inner): return "\(name(inner))?"
        case .tuple(let items):
            switch items.count {
            case 0: return "Void"
            case 1: return name(items[0])
            default: return "(\(items.map(name).joined(separator: ", ")))"
            }
        case .result(let ok, let err):
            return "Result<\(ok.map(name) ?? "Void"), \(error(err))>"
        case .declared(let type, let arguments):
            let base = SwiftNames.type(type)
            return arguments.isEmpty
                ? base : "\(base)<\(arguments.map(name).joined(separator: ", "))>"
        case .parameter(let parameter): return SwiftNames.type(parameter)
        }
    }

    /// The Swift error type of a result's error.
    func error(_ shape: Shape?) -> String {
        switch shape {
        case nil, .scalar(.string): "Failure"
        case .some(let shape):
            isError(shape) ? name(shape) : "Rejection<\(name(shape))>"
        }
    }

    /// Whether the Swift type of a shape adopts `Error` itself.
    func isError(_ shape: Shape) -> Bool {
        guard case .declared(let name, _) = shape, let definition = table[name] else {
            return false
        }
        if case .flags = definition.body { return false }
        return true
    }

    /// The type annotation of a shape, as a Swift literal.
    func annotation(_ shapes: Shape?...) -> String {
        var bytes: [UInt8] = []
        for shape in shapes { append(shape, to: &bytes) }
        return SwiftNames.literal(String(decoding: bytes, as: UTF8.self))
    }

    private func append(_ shape: Shape?, to bytes: inout [UInt8]) {
        func append(name: String) {
            bytes += [UInt8(clamping: name.utf8.count), 0, 0, 0]
            bytes += Array(name.utf8)
        }
        switch shape {
        case nil: bytes.append(Scalar.string.code)
        case .scalar(let scalar): bytes.append(scalar.code)
        case .list(let item):
            bytes.append(0x07)
            self.append(item, to: &bytes)
        case .option(let inner):
            bytes.append(0x0A)
            self.append(inner, to: &bytes)
        case .result(let ok, let err):
            bytes.append(0x14)
            self.append(ok, to: &bytes)
            self.append(err, to: &bytes)
        case .tuple(let items):
            bytes += [0x0B, UInt8(clamping: items.count), 0, 0, 0]
            for item in items { self.append(item, to: &bytes) }
        case .declared(let name, _):
            switch table[name]?.body {
            case .record:
                bytes.append(0x09)
                append(name: name)
            case .flags: bytes.append(Scalar.flags.code)
            default:
                bytes.append(0x08)
                append(name: name)
            }
        case .parameter: bytes.append(Scalar.string.code)
        }
    }
}
