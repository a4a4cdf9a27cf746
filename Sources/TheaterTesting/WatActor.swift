// SPDX-License-Identifier: Apache-2.0

/// Writes small guests in the text form of WebAssembly, for tests and benchmarks.
///
/// The guest has a memory, an allocator that hands out ever higher addresses (it takes new pages from
/// `memory.grow` and never touches others), metadata, and whatever functions a test gives it.
public struct WatActor {
    /// Pages of memory at the start, and at most.
    public var pages: (Int, Int?) = (2, nil)
    /// Import declarations, one `(import …)` form each.
    public var imports: [String] = []
    /// The metadata's bytes.
    public var metadata: [UInt8] = []
    /// Further definitions: functions, globals, exports. `$answer` and `$pack_alloc` may be called.
    public var body: [String] = []
    /// Replaces the body of `__pack_alloc`, whose parameter is `$n`.
    public var allocator: String?

    /// Makes an empty guest.
    public init() {}

    /// An import of an actor function under a `$name`.
    public static func importing(_ interface: String, _ name: String, as local: String) -> String {
        "(import \"\(interface)\" \"\(name)\" (func $\(local) (param i32 i32 i32 i32) (result i32)))"
    }

    /// An exported actor function; its parameters are `$in $size $slot $lenslot`.
    public static func function(_ name: String, _ instructions: String) -> String {
        """
        (func (export "\(name)") (param $in i32) (param $size i32) (param $slot i32) \
        (param $lenslot i32) (result i32) (local $i i32) (local $s i32) \(instructions))
        """
    }

    /// An exported function that answers constant bytes at a fixed address, with a status.
    public static func answering(
        _ name: String, _ bytes: [UInt8], at address: Int, status: Int = 0
    ) -> String {
        data(bytes, at: address) + "\n"
            + function(
                name,
                """
                (call $answer (i32.const \(address)) (i32.const \(bytes.count)) (local.get $slot) \
                (local.get $lenslot)) (i32.const \(status))
                """)
    }

    /// A data segment.
    public static func data(_ bytes: [UInt8], at address: Int) -> String {
        let text = bytes.map { byte in
            let digits = String(byte, radix: 16)
            return "\\" + (digits.count == 1 ? "0" + digits : digits)
        }
        return "(data (i32.const \(address)) \"\(text.joined())\")"
    }

    /// The module's text.
    public var wat: String {
        let limit = pages.1.map { " \($0)" } ?? ""
        let allocate =
            allocator
                ?? """
                (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (i32.const 0))))
                (if (i32.gt_u (i32.add (global.get $next) (local.get $n)) (global.get $end)) (then
                  (local.set $p (memory.grow
                    (i32.add (i32.shr_u (local.get $n) (i32.const 16)) (i32.const 1))))
                  (if (i32.eq (local.get $p) (i32.const -1)) (then (return (i32.const 0))))
                  (global.set $next (i32.shl (local.get $p) (i32.const 16)))
                  (global.set $end (i32.shl (memory.size) (i32.const 16)))))
                (local.set $p (global.get $next))
                (global.set $next (i32.and
                  (i32.add (i32.add (local.get $p) (local.get $n)) (i32.const 15)) (i32.const -16)))
                (local.get $p)
                """
        return """
            (module
              \(imports.joined(separator: "\n  "))
              (memory (export "memory") \(pages.0)\(limit))
              (global $next (mut i32) (i32.const 65536))
              (global $end (mut i32) (i32.const \(pages.0 * 65536)))
              \(Self.data(metadata, at: 1024))
              (func $pack_alloc (export "__pack_alloc") (param $n i32) (result i32) (local $p i32)
                \(allocate))
              (func (export "__pack_free") (param i32 i32))
              (func (export "__pack_types") (param i32 i32) (result i32)
                (i32.store (local.get 0) (i32.const 1024))
                (i32.store (local.get 1) (i32.const \(metadata.count))) (i32.const 0))
              (func $answer (param $from i32) (param $n i32) (param $slot i32) (param $lenslot i32)
                (local $q i32)
                (local.set $q (call $pack_alloc (local.get $n)))
                (memory.copy (local.get $q) (local.get $from) (local.get $n))
                (i32.store (local.get $slot) (local.get $q))
                (i32.store (local.get $lenslot) (local.get $n)))
              \(body.joined(separator: "\n  "))
            )
            """
    }
}
