// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import TheaterAPI
internal import TheaterHandler
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterValue

/// Messages and calls.
struct TalkRoutes: Sendable {
    /// How long an answer may take at the most.
    static let timeoutMax = Duration.seconds(600)

    let node: ServedNode
    let bodies: Bodies
    private var lookup: ActorLookup { ActorLookup(node: node) }

    func send(_ call: Call) async throws(Problem) -> Response {
        let id = try lookup.live(call.place("actor"))
        let body = try await bodies.bytes(of: call, sizeMax: MessageOptions.sizeLimit)
        do throws(MessageError) {
            try await node.system.post(body, to: id)
        } catch {
            throw Problem(error)
        }
        return Answer.nothing(status: 202)
    }

    func request(_ call: Call) async throws(Problem) -> Response {
        let id = try lookup.live(call.place("actor"))
        let timeout = try call.duration("timeout", most: Self.timeoutMax) ?? .seconds(30)
        let body = try await bodies.bytes(of: call, sizeMax: MessageOptions.sizeLimit)
        do throws(MessageError) {
            return Answer.bytes(try await node.system.request(body, to: id, timeout: timeout))
        } catch {
            throw Problem(error)
        }
    }

    func call(_ call: Call) async throws(Problem) -> Response {
        let id = try lookup.live(call.place("actor"))
        guard let function = call.parameter("function") else {
            throw Problem(.parameter, "'function' is missing; name the export to call")
        }
        let timeout = try call.duration("timeout", most: Self.timeoutMax) ?? .seconds(30)
        let export = try ExportList.find(function, of: id, in: node.system)
        let arguments = try await arguments(call, export)
        do throws(ActorError) {
            let value = try await node.system.call(
                id, export.name, arguments, options: CallOptions(timeout: timeout))
            return try Self.answer(value, call)
        } catch {
            throw Problem(error)
        }
    }

    private func arguments(
        _ call: Call, _ export: (name: String, signature: FunctionSignature?)
    ) async throws(Problem) -> [Value] {
        let body = try await bodies.bytes(of: call, sizeMax: MessageOptions.sizeLimit)
        switch call.mediaType {
        case MediaType.cgrf:
            let value: Value
            do throws(CGRFError) {
                value = try CGRF.decode(body)
            } catch {
                throw Problem(.body, "the arguments do not decode: \(error)")
            }
            guard case .tuple(let values) = value else {
                throw Problem(.body, "the arguments must be a tuple")
            }
            return values
        case "application/json": return try Self.arguments(try bodies.json(body), export)
        default:
            throw Problem(
                .mediaType,
                "the arguments must be application/json or \(MediaType.cgrf), and Content-Type say so"
            )
        }
    }

    private static func arguments(
        _ json: JSONValue, _ export: (name: String, signature: FunctionSignature?)
    ) throws(Problem) -> [Value] {
        guard let items = json.array, items.count <= 64 else {
            throw Problem(.body, "the arguments must be a list of at most 64")
        }
        var parameters: ArraySlice<TypeDescription.Field>?
        if let signature = export.signature {
            parameters = signature.parameters(givenByCaller: items.count)
            guard parameters != nil else {
                throw wrong(
                    "'\(export.name)' got \(items.count) arguments; it takes "
                        + signature.parameters.filter { $0.name != "state" }.map(\.name)
                        .joined(separator: ", "))
            }
        }
        var values: [Value] = []
        for (index, item) in items.enumerated() {
            let parameter = parameters.map { $0[$0.startIndex + index] }
            do throws(JSONError) {
                values.append(try ValueReading.value(item, as: parameter?.type))
            } catch {
                throw wrong(
                    "argument '\(parameter?.name ?? String(index))' of '\(export.name)' does not fit: "
                        + "\(error)")
            }
        }
        return values
    }

    private static func wrong(_ detail: String) -> Problem {
        Problem(status: 422, code: ActorError.Code.wrongArgument.rawValue, detail: detail)
    }

    /// A value in the form that is wanted.
    static func answer(_ value: Value, _ call: Call) throws(ActorError) -> Response {
        guard call.wantsCGRF else { return Answer.json(Problem.shown(value)) }
        do throws(CGRFError) {
            return Answer.bytes(try CGRF.encode(value), type: MediaType.cgrf)
        } catch {
            throw ActorError(.wrongResult, "the value does not encode: \(error)")
        }
    }
}
