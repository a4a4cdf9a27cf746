// SPDX-License-Identifier: Apache-2.0
internal import TheaterValue

extension TypeDescription {
    /// Whether a value is plainly of this type: the quick answer for the usual case.
    ///
    /// `true` means that ``TypeCheck`` would accept it. `false` means that somebody has to look
    /// closer: at names in another spelling, fields in another order, or at what is wrong. Allocates
    /// nothing; looks at most `depth` levels deep.
    func plainlyFits(_ value: Value, depth: Int = 64) -> Bool {
        guard depth > 0 else { return false }
        switch (self, value) {
        case (.value, _): return true
        case (.bool, .bool), (.u8, .u8), (.u16, .u16), (.u32, .u32), (.u64, .u64), (.s8, .s8),
            (.s16, .s16), (.s32, .s32), (.s64, .s64), (.f32, .f32), (.f64, .f64), (.char, .char),
            (.string, .string):
            return true
        case (.unit, .tuple(let items)): return items.isEmpty
        case (.list(let item), .array(let array)): return item.isPacked(as: array.element)
        case (.list(let item), .list(_, let items)):
            return items.allSatisfy { item.plainlyFits($0, depth: depth - 1) }
        case (.option(let inner), .option(_, let payload)):
            return payload.map { inner.plainlyFits($0, depth: depth - 1) } ?? true
        case (.result(let ok, _), .result(_, _, .ok(let payload))):
            return ok.plainlyFitsInResult(payload, depth: depth - 1)
        case (.result(_, let err), .result(_, _, .err(let payload))):
            return err.plainlyFitsInResult(payload, depth: depth - 1)
        case (.tuple(let types), .tuple(let items)):
            return types.count == items.count
                && types.indices.allSatisfy { types[$0].plainlyFits(items[$0], depth: depth - 1) }
        case (.record(_, let fields), .record(let record)):
            return fields.count == record.fields.count
                && fields.indices.allSatisfy { index in
                    fields[index].name == record.fields[index].name
                        && fields[index].type.plainlyFits(
                            record.fields[index].value, depth: depth - 1)
                }
        case (.variant(_, let cases), .variant(let variant)):
            guard variant.tag < cases.count else { return false }
            guard let type = cases[Int(variant.tag)].payload else { return variant.payload.isEmpty }
            return variant.payload.count == 1
                && type.plainlyFits(variant.payload[0], depth: depth - 1)
        default: return false
        }
    }

    /// A missing part of a result is described as `bool` or `string`, and is the empty tuple.
    private func plainlyFitsInResult(_ value: Value, depth: Int) -> Bool {
        if case .tuple(let items) = value, items.isEmpty, mayBeMissingInResult { return true }
        return plainlyFits(value, depth: depth)
    }

    private func isPacked(as element: Primitive) -> Bool {
        switch (self, element) {
        case (.bool, .bool), (.u8, .u8), (.u16, .u16), (.u32, .u32), (.u64, .u64), (.s8, .s8),
            (.s16, .s16), (.s32, .s32), (.s64, .s64), (.f32, .f32), (.f64, .f64), (.char, .char):
            true
        default: false
        }
    }
}
