// SPDX-License-Identifier: Apache-2.0

import TheaterPact

/// Writes the Swift faces of host functions: one enum for each interface.
struct ImportWriter {
    let types: SwiftTypes

    func write(
        _ interfaces: [PactInterface], _ functions: [BoundFunction], _ codec: inout CodecWriter,
        to source: inout Source
    ) {
        for interface in interfaces {
            source.line()
            source.line("/// Host functions of `\(interface.name)`.")
            source.block("enum \(SwiftNames.interface(interface.name))") { source in
                var isFirst = true
                for (index, function) in functions.enumerated()
                where function.interface == interface.name {
                    if !isFirst { source.line() }
                    isFirst = false
                    face(function, index, &codec, to: &source)
                }
            }
        }
        for (index, function) in functions.enumerated() {
            source.line()
            let module = SwiftNames.literal(function.interface)
            let name = SwiftNames.literal(function.function.name)
            source.line("@_extern(wasm, module: \(module), name: \(name)) @_extern(c)")
            source.line(
                "func theater_import_\(index)(_ input: UInt32, _ size: UInt32, _ slot: UInt32, "
                    + "_ slotSize: UInt32) -> Int32")
        }
    }

    private func face(
        _ function: BoundFunction, _ index: Int, _ codec: inout CodecWriter,
        to source: inout Source
    ) {
        source.line("/// `\(function.function)`")
        let parameters = function.parameters.enumerated().map { position, parameter in
            let label = position == 0 ? "_" : SwiftNames.label(parameter.name)
            let local = SwiftNames.local(parameter.name)
            return (label == local ? label : "\(label) \(local)")
                + ": \(types.name(parameter.shape))"
        }
        var header = "static func \(function.name)(\(parameters.joined(separator: ", ")))"
        switch function.hostForm {
        case .fallible(let ok, let err):
            header += " throws(\(types.error(err)))"
            if let ok, !ok.isUnit { header += " -> \(types.name(ok))" }
        case .plain(let result):
            if let result, !result.isUnit { header += " -> \(types.name(result))" }
        case .stateful: break
        }
        source.block(header) { source in
            var call = "TheaterGuest.Wire.call({ theater_import_\(index)($0, $1, $2, $3) })"
            call += " { (w: inout \(CodecWriter.writer)) in"
            let reads = function.reads
            source.line("\(reads ? "let reply" : "_") = \(call)")
            source.indented { source in
                for parameter in function.parameters {
                    source.line(codec.write(parameter.shape, SwiftNames.local(parameter.name)))
                }
                if function.parameters.count != 1 {
                    source.line("w.tuple(\(function.parameters.count))")
                }
            }
            source.line("}")
            answer(function, &codec, to: &source)
        }
    }

    private func answer(
        _ function: BoundFunction, _ codec: inout CodecWriter, to source: inout Source
    ) {
        let throwing = "throws(\(CodecWriter.refusal))"
        switch function.hostForm {
        case .fallible(let ok, let err):
            let error = types.error(err)
            let value = ok.map { $0.isUnit ? "Void" : types.name($0) } ?? "Void"
            let method = error == "Failure" ? "try reply.attempt" : "reply.require"
            source.line(
                "let outcome = \(method) { (r: inout \(CodecWriter.reader)) \(throwing) -> "
                    + "Result<\(value), \(error)> in")
            source.indented { source in
                source.line("let (isOK, node) = try r.result(r.root)")
                let success =
                    if let ok, !ok.isUnit { codec.read(ok, "node") } else { "()" }
                source.line("if isOK { return .success(\(success)) }")
                source.line("return .failure(\(codec.readError(err, "node")))")
            }
            source.line("}")
            source.line("return try outcome.get()")
        case .plain(let result):
            guard let result, !result.isUnit else { return }
            source.line(
                "return reply.require { (r: inout \(CodecWriter.reader)) \(throwing) -> "
                    + "\(types.name(result)) in")
            source.indented { source in
                source.line("let root = r.root")
                source.line("return \(codec.read(result, "root"))")
            }
            source.line("}")
        case .stateful: break
        }
    }
}

extension BoundFunction {
    /// Whether the answer of this host function is looked at.
    var reads: Bool {
        switch hostForm {
        case .fallible: true
        case .plain(let result): result.map { !$0.isUnit } ?? false
        case .stateful: false
        }
    }
}
