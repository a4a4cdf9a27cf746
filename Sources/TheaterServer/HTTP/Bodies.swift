// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import TheaterAPI
internal import TheaterPlatform

/// Reads bodies, each within a size and a time.
struct Bodies: Sendable {
    let options: ServerOptions
    let world: World

    /// Any bytes.
    func bytes(
        of call: Call, sizeMax: Int, perMegabyte: Duration = .zero
    ) async throws(Problem) -> [UInt8] {
        if let announced = call.request.headers[.contentLength] {
            guard let size = Int(announced), size >= 0 else {
                throw Problem(.body, "Content-Length is no size")
            }
            guard size <= sizeMax else { throw Self.tooLarge(sizeMax) }
            if size == 0 { return [] }
        } else if call.request.headers[.transferEncoding] == nil {
            return []
        }
        let body = call.request.body
        // What is there already needs no clock: most bodies come with their heads.
        if call.isWhole { return Array(buffer: try await Self.collect(body, sizeMax).get()) }
        let limit = options.bodyTimeout + perMegabyte * (sizeMax >> 20)
        let outcome: Result<ByteBuffer, Problem> = await withTaskGroup(
            of: Result<ByteBuffer, Problem>.self
        ) { group in
            group.addTask { await Self.collect(body, sizeMax) }
            group.addTask { [world] in
                guard (try? await world.sleep(for: limit)) != nil else {
                    return .failure(Self.endedEarly)
                }
                return .failure(
                    Problem(.slowBody, "the body did not come within \(limit); send it faster"))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(Problem(.internal, "nobody read the body"))
        }
        return Array(buffer: try outcome.get())
    }

    private static func collect(
        _ body: RequestBody, _ sizeMax: Int
    ) async -> Result<ByteBuffer, Problem> {
        do {
            return .success(try await body.collect(upTo: sizeMax))
        } catch is NIOTooManyBytesError {
            return .failure(tooLarge(sizeMax))
        } catch {
            return .failure(endedEarly)
        }
    }

    private static let endedEarly = Problem(.body, "the body ended early")

    /// A JSON document.
    func json(of call: Call) async throws(Problem) -> JSONValue {
        guard call.mediaType == "application/json" else {
            throw Problem(
                .mediaType, "the body must be application/json, and its Content-Type say so")
        }
        return try json(try await bytes(of: call, sizeMax: options.documentSizeMax))
    }

    /// Reads a JSON document.
    func json(_ bytes: [UInt8]) throws(Problem) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(bytes)
        } catch {
            throw Problem(.body, "the body is no JSON: \(error)")
        }
    }

    private static func tooLarge(_ sizeMax: Int) -> Problem {
        Problem(.tooLarge, "the body has more than \(sizeMax) bytes, which is the most here")
    }
}
