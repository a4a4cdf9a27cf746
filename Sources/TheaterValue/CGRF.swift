// SPDX-License-Identifier: Apache-2.0

/// The binary encoding of values: a graph of nodes in one flat buffer.
///
/// ```text
/// offset size field
/// 0      4    magic "CGRF"
/// 4      2    version, 2
/// 6      2    flags, written 0, ignored when read
/// 8      4    node count N
/// 12     4    root node index
/// 16     ..   N nodes: kind (1), flags (1), reserved (2), payload size P (4), payload (P)
/// ```
///
/// All numbers are little-endian. Nodes name each other by index. What the encoder writes is a
/// tree in post-order without sharing, so equal values have equal bytes. What the decoder reads
/// may be any acyclic graph.
public enum CGRF {
    /// The bounds kept while encoding and decoding.
    ///
    /// A bound above 2^30 counts as 2^30, a negative one as 0.
    public struct Limits: Sendable {
        /// The size of a whole buffer in bytes: 256 MiB.
        public var bufferMax = 1 << 28
        /// The nodes in one buffer, and the parts of all its type annotations: 10 million each.
        public var nodesMax = 10_000_000
        /// The size of one node's payload in bytes: 128 MiB.
        public var payloadMax = 1 << 27
        /// The items of one sequence: 128 Mi.
        public var sequenceMax = 1 << 27
        /// The nesting of nodes, and of the parts of one type annotation: 512.
        ///
        /// A value without parts has depth 1. Encoding, and destroying a decoded value, recur
        /// to this depth: 512 levels take up to 384 KiB of stack in a release build and 1.5 MiB in
        /// a debug build. Raise it only where the stack is known to be larger.
        public var depthMax = 512

        /// Makes the standard limits.
        public init() {}

        /// The same bounds, such that sums and small multiples of them fit 32 bits.
        var clamped: Limits {
            func clamp(_ bound: Int) -> Int { min(max(bound, 0), 1 << 30) }
            var limits = self
            limits.bufferMax = clamp(bufferMax)
            limits.nodesMax = clamp(nodesMax)
            limits.payloadMax = clamp(payloadMax)
            limits.sequenceMax = clamp(sequenceMax)
            limits.depthMax = clamp(depthMax)
            return limits
        }
    }

    static let magic: UInt32 = 0x4652_4743
    static let version: UInt16 = 2
    static let headerSize = 16
    static let nodeHeaderSize = 8

    /// Encodes a value.
    ///
    /// The bytes are those of the reference encoder: children before parents, left to right, no
    /// sharing. A list of fixed-width primitives becomes one packed node.
    ///
    /// - Throws: `cgrf.element-mismatch` when a list of a fixed-width primitive holds an item of
    ///   another kind, `cgrf.too-deep`, `cgrf.too-many-nodes`, `cgrf.sequence-too-long`,
    ///   `cgrf.payload-too-large`, `cgrf.buffer-too-large`. The error's offset counts the nodes
    ///   completed before.
    public static func encode(
        _ value: Value, limits: Limits = Limits()
    ) throws(CGRFError) -> [UInt8] {
        var measure = Measure(limits: limits)
        try measure.visit(value, depth: 1)
        return write(value, measured: measure)
    }

    /// Decodes a buffer that holds one value and nothing else.
    ///
    /// Costs time and memory linear in the buffer. Shared subtrees stay shared in memory; a
    /// buffer whose values, written out without sharing, would exceed four times its size plus
    /// 64 KiB is refused. In a guest only buffers in post-order are read, as encoders write them.
    ///
    /// - Throws: a `CGRFError` whose offset is the byte where the buffer is wrong.
    public static func decode(
        _ bytes: [UInt8], limits: Limits = Limits()
    ) throws(CGRFError) -> Value {
        try decode(bytes, from: 0, limits: limits, trailing: false).value
    }

    /// Decodes a buffer that holds one value and nothing else.
    ///
    /// Like `decode(_:limits:)` for arrays. Nothing refers to `bytes` afterwards.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, limits: Limits = Limits()
    ) throws(CGRFError) -> Value {
        var decoder = try unsafe Decoder(bytes, from: 0, limits: limits, trailing: false)
        return try decoder.decode().value
    }

    /// Decodes the value that starts at `offset`, whatever follows it.
    ///
    /// - Returns: the value, and the number of bytes it takes from `offset` on.
    /// - Throws: a `CGRFError` whose offset counts from the beginning of `bytes`.
    public static func decodePrefix(
        _ bytes: [UInt8], at offset: Int, limits: Limits = Limits()
    ) throws(CGRFError) -> (value: Value, size: Int) {
        try decode(bytes, from: offset, limits: limits, trailing: true)
    }

    private static func decode(
        _ bytes: [UInt8], from offset: Int, limits: Limits, trailing: Bool
    ) throws(CGRFError) -> (value: Value, size: Int) {
        let outcome: Result<(value: Value, size: Int), CGRFError> =
            unsafe bytes.withUnsafeBytes { buffer in
                do throws(CGRFError) {
                    var decoder = try unsafe Decoder(
                        buffer, from: offset, limits: limits, trailing: trailing)
                    return .success(try decoder.decode())
                } catch {
                    return .failure(error)
                }
            }
        return try outcome.get()
    }
}
