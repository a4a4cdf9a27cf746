// SPDX-License-Identifier: Apache-2.0

import TheaterPact

/// Writes the protocol that the author's type adopts, and the functions that the host calls.
struct ExportWriter {
    let types: SwiftTypes

    /// Writes `protocol Exports`.
    func writeProtocol(_ functions: [BoundFunction], to source: inout Source) {
        source.line()
        source.line("/// What the actor offers. `enum Actor: Exports` in Sources/ implements it.")
        source.block("protocol Exports") { source in
            for function in functions {
                let interface = function.interface
                let of = interface.isEmpty ? "" : " of `\(interface)`"
                source.line("/// `\(function.function)`\(of)")
                source.line("static func \(signature(function))")
            }
        }
    }

    private func signature(_ function: BoundFunction) -> String {
        var parameters: [String] = []
        let form = function.exportForm
        for (position, parameter) in function.parameters.enumerated() {
            let type = types.name(parameter.shape)
            if position == 0, case .stateful = form {
                parameters.append("_ state: inout \(type)")
            } else if position == 0, function.isInit {
                parameters.append("_ argument: \(function.isLazy ? "Argument" : type)")
            } else {
                parameters.append("\(SwiftNames.label(parameter.name)): \(type)")
            }
        }
        var text = "\(function.name)(\(parameters.joined(separator: ", ")))"
        switch form {
        case .stateful(_, let answers, let err, _):
            text += " throws(\(types.error(err)))"
            if !answers.isEmpty { text += " -> \(types.name(.tuple(answers)))" }
        case .fallible(let ok, let err):
            text += " throws(\(types.error(err)))"
            if let ok, !ok.isUnit { text += " -> \(types.name(ok))" }
        case .plain(let result):
            if let result, !result.isUnit { text += " -> \(types.name(result))" }
        }
        return text
    }

    /// Writes the exported C functions.
    func writeExports(_ functions: [BoundFunction], to source: inout Source) {
        for (index, function) in functions.enumerated() {
            source.line()
            let name = SwiftNames.literal(function.exportName)
            source.line("@_expose(wasm, \(name)) @_cdecl(\"theater_export_\(index)\")")
            source.block(
                "public func theater_export_\(index)(_ input: UInt32, _ size: UInt32, "
                    + "_ slot: UInt32, _ slotSize: UInt32) -> Int32"
            ) { source in
                source.line(
                    "TheaterBindings.export_\(index)(Actor.self, input, size, slot, slotSize)")
            }
        }
    }

    /// Writes what the exported functions do, inside `TheaterBindings`.
    func writeBodies(
        _ functions: [BoundFunction], _ codec: inout CodecWriter, to source: inout Source
    ) {
        for (index, function) in functions.enumerated() {
            source.line()
            source.line("/// `\(function.exportName)`")
            source.block(
                "static func export_\(index)<A: Exports>(_ actor: A.Type, _ input: UInt32, "
                    + "_ size: UInt32, _ slot: UInt32, _ slotSize: UInt32) -> Int32"
            ) { source in
                source.line("TheaterGuest.Wire.answer(input, size, slot, slotSize) {")
                source.indented { source in
                    source.line(
                        "(r: inout \(CodecWriter.reader), w: inout \(CodecWriter.writer)) "
                            + "throws(\(CodecWriter.refusal)) in")
                    body(function, &codec, to: &source)
                }
                source.line("}")
            }
        }
    }

    private func body(
        _ function: BoundFunction, _ codec: inout CodecWriter, to source: inout Source
    ) {
        let form = function.exportForm
        let count = function.parameters.count
        if count > 0 {
            let isTuple = if case .tuple = function.parameters[0].shape { true } else { false }
            let option = count == 1 && isTuple ? ", isTuple: true" : ""
            source.line("let arguments = try r.arguments(\(count)\(option))")
        }
        var arguments: [String] = []
        for (position, parameter) in function.parameters.enumerated() {
            let wire = SwiftNames.literal(function.function.parameters[position].name)
            source.line("let n\(position) = r.argument(arguments, \(position), \(wire))")
            var isState = false
            if position == 0, case .stateful = form { isState = true }
            if function.isLazy {
                source.line("let p0 = r.argument(n0)")
            } else {
                source.line(
                    "\(isState ? "var" : "let") p\(position): \(types.name(parameter.shape)) = "
                        + codec.read(parameter.shape, "n\(position)"))
            }
            if isState {
                arguments.append("&p0")
            } else if position == 0, function.isInit {
                arguments.append("p0")
            } else {
                arguments.append("\(SwiftNames.label(parameter.name)): p\(position)")
            }
        }
        let call = "A.\(function.name)(\(arguments.joined(separator: ", ")))"
        switch form {
        case .plain(let result):
            let isVoid = result?.isUnit ?? true
            source.line(isVoid ? call : "let answer = \(call)")
            source.line(codec.write(result ?? .unit, "answer"))
        case .fallible(let ok, let err):
            attempt(call, ok ?? .unit, err, &codec, to: &source) { source, codec in
                source.line(codec.write(ok ?? .unit, "answer"))
                source.line("w.result(\(types.annotation(ok, err)), isOK: true)")
            } annotation: {
                types.annotation(ok, err)
            }
        case .stateful(let state, let answers, let err, let isWrapped):
            let ok = isWrapped ? Shape.tuple([state] + answers) : state
            attempt(call, .tuple(answers), err, &codec, to: &source) { source, codec in
                source.line(codec.write(state, "p0"))
                for (index, answer) in answers.enumerated() {
                    let value = answers.count == 1 ? "answer" : "answer.\(index)"
                    source.line(codec.write(answer, value))
                }
                if isWrapped { source.line("w.tuple(\(answers.count + 1))") }
                source.line("w.result(\(types.annotation(ok, err)), isOK: true)")
            } annotation: {
                types.annotation(ok, err)
            }
        }
    }

    private func attempt(
        _ call: String, _ answer: Shape, _ err: Shape?, _ codec: inout CodecWriter,
        to source: inout Source, success: (inout Source, inout CodecWriter) -> Void,
        annotation: () -> String
    ) {
        let isVoid = answer.isUnit
        source.line("do throws(\(types.error(err))) {")
        source.indented { source in
            source.line(isVoid ? "try \(call)" : "let answer = try \(call)")
            success(&source, &codec)
        }
        source.line("} catch {")
        source.indented { source in
            source.line(codec.writeError(err, "error"))
            source.line("w.result(\(annotation()), isOK: false)")
        }
        source.line("}")
    }
}
