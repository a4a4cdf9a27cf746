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
    func bytes(of call: Call, sizeMax: Int) async throws(Problem) -> [UInt8] {
        switch try announced(by: call, sizeMax) {
        case 0: return []
        case nil where call.request.headers[.transferEncoding] == nil: return []
        default: break
        }
        let body = call.request.body
        // What is there already needs no clock: most bodies come with their heads.
        if call.isWhole { return Array(buffer: try await Self.collect(body, sizeMax).get()) }
        return Array(
            buffer: try await within(options.bodyTimeout) { await Self.collect(body, sizeMax) })
    }

    /// Takes a body as it comes, so that its size costs no memory. Who sends faster than the parts are taken is read
    /// more slowly.
    ///
    /// - Parameter perMegabyte: for how much longer it may come, for each megabyte that it may have.
    func parts(
        of call: Call, sizeMax: Int, perMegabyte: Duration,
        take: @escaping @Sendable ([UInt8]) async -> Result<Void, Problem>
    ) async throws(Problem) {
        _ = try announced(by: call, sizeMax)
        let body = call.request.body
        try await within(options.bodyTimeout + perMegabyte * (sizeMax >> 20)) {
            await Self.copy(body, sizeMax, take)
        }
    }

    /// The size that a request says its body has, if it does.
    private func announced(by call: Call, _ sizeMax: Int) throws(Problem) -> Int? {
        guard let announced = call.request.headers[.contentLength] else { return nil }
        guard let size = Int(announced), size >= 0 else {
            throw Problem(.body, "Content-Length is no size")
        }
        guard size <= sizeMax else { throw Self.tooLarge(sizeMax) }
        return size
    }

    /// Reads a body in whatever way, but not for longer.
    private func within<Success: Sendable>(
        _ limit: Duration, _ read: @escaping @Sendable () async -> Result<Success, Problem>
    ) async throws(Problem) -> Success {
        let outcome = await withTaskGroup(of: Result<Success, Problem>.self) { group in
            group.addTask { await read() }
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
        return try outcome.get()
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

    private static func copy(
        _ body: RequestBody, _ sizeMax: Int,
        _ take: @Sendable ([UInt8]) async -> Result<Void, Problem>
    ) async -> Result<Void, Problem> {
        var size = 0
        do {
            for try await part in body {
                size += part.readableBytes
                guard size <= sizeMax else { return .failure(tooLarge(sizeMax)) }
                if case .failure(let problem) = await take(Array(buffer: part)) {
                    return .failure(problem)
                }
            }
            return .success(())
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
