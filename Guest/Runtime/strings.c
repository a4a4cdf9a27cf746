// SPDX-License-Identifier: Apache-2.0
// Keeps actors small: replaces parts of the Swift library that no actor can reach.
//
// Swift strings can wrap storage of another language ("foreign" strings). Without a bridge to such
// a language none ever exists, yet the code for them is linked into every program that appends to
// a string, about 25 KB of it. The compiler emits library functions as weak symbols, so strong
// definitions with the same name and type take their place, and the linker drops what only the
// originals used. A compiler that names these functions differently simply ignores this file.
#include <stdint.h>
typedef int32_t i32;
typedef int64_t i64;
#define UNREACHABLE(result, name, ...) \
    result name(__VA_ARGS__) __asm__(#name); \
    result name(__VA_ARGS__) { __builtin_trap(); }

// String.UTF8View: _foreignCount, _foreignIndex(after:), (before:), (_:offsetBy:),
// _foreignDistance(from:to:), _foreignSubscript(position:).
UNREACHABLE(i32, $eSS8UTF8ViewV13_foreignCountSiyF, i32 a, i32 b, i32 c, i32 d, i32 e)
UNREACHABLE(i64, $eSS8UTF8ViewV13_foreignIndex5afterSS0D0VAF_tF, i64 a, i32 b, i32 c, i32 d, i32 e, i32 f)
UNREACHABLE(i64, $eSS8UTF8ViewV13_foreignIndex6beforeSS0D0VAF_tF, i64 a, i32 b, i32 c, i32 d, i32 e, i32 f)
UNREACHABLE(i64, $eSS8UTF8ViewV13_foreignIndex_8offsetBySS0D0VAF_SitF, i64 a, i32 b, i32 c, i32 d, i32 e, i32 f, i32 g)
UNREACHABLE(i32, $eSS8UTF8ViewV16_foreignDistance4from2toSiSS5IndexV_AGtF, i64 a, i64 b, i32 c, i32 d, i32 e, i32 f, i32 g)
UNREACHABLE(i32, $eSS8UTF8ViewV17_foreignSubscript8positions5UInt8VSS5IndexV_tF, i64 a, i32 b, i32 c, i32 d, i32 e, i32 f)
// String.UTF16View, likewise.
UNREACHABLE(i32, $eSS9UTF16ViewV13_foreignCountSiyF, i32 a, i32 b, i32 c, i32 d, i32 e)
UNREACHABLE(i64, $eSS9UTF16ViewV13_foreignIndex5afterSS0D0VAF_tF, i64 a, i32 b, i32 c, i32 d, i32 e, i32 f)
UNREACHABLE(i64, $eSS9UTF16ViewV13_foreignIndex6beforeSS0D0VAF_tF, i64 a, i32 b, i32 c, i32 d, i32 e, i32 f)
UNREACHABLE(i64, $eSS9UTF16ViewV13_foreignIndex_8offsetBySS0D0VAF_SitF, i64 a, i32 b, i32 c, i32 d, i32 e, i32 f, i32 g)
UNREACHABLE(i32, $eSS9UTF16ViewV16_foreignDistance4from2toSiSS5IndexV_AGtF, i64 a, i64 b, i32 c, i32 d, i32 e, i32 f, i32 g)
// _StringGuts: _foreignGrow, _foreignCopyUTF8(into:), foreignScalarAlign, _foreignAppendInPlace,
// _foreignConvertedToSmall, _foreignOpaqueCharacterStride(endingAt:in:),
// foreignErrorCorrectedGrapheme(startingAt:endingAt:).
UNREACHABLE(void, $es11_StringGutsV12_foreignGrow33_408A76AB043BD3EFBAB6FAAAAA9B4914LLyySiF, i32 a, i32 b, i32 c)
UNREACHABLE(void, $es11_StringGutsV16_foreignCopyUTF84intoSiSgSrys5UInt8VG_tF, i32 a, i32 b, i32 c, i32 d, i32 e, i32 f, i32 g, i32 h)
UNREACHABLE(i64, $es11_StringGutsV18foreignScalarAlignySS5IndexVAEF, i64 a, i32 b, i32 c, i32 d, i32 e, i32 f)
UNREACHABLE(void, $es11_StringGutsV21_foreignAppendInPlace33_408A76AB043BD3EFBAB6FAAAAA9B4914LLyys01_aB5SliceVF, i32 a, i32 b, i32 c)
UNREACHABLE(void, $es11_StringGutsV24_foreignConvertedToSmall33_408A76AB043BD3EFBAB6FAAAAA9B4914LLs01_fA0VyF, i32 a, i32 b, i32 c, i32 d, i32 e, i32 f)
UNREACHABLE(i32, $es11_StringGutsV29_foreignOpaqueCharacterStride33_9B33E3070A171641A00C549F4BD10D48LL8endingAt2inS2i_SnySiGtF, i32 a, i32 b, i32 c, i32 d, i32 e, i32 f, i32 g, i32 h)
UNREACHABLE(void, $es11_StringGutsV29foreignErrorCorrectedGrapheme10startingAt06endingH0SJSi_SitF, i32 a, i32 b, i32 c, i32 d, i32 e, i32 f, i32 g, i32 h)
// _slowEnsureMatchingEncoding(_:): an index into a foreign string used with a native one.
UNREACHABLE(i64, $es11_StringGutsV27_slowEnsureMatchingEncodingySS5IndexVAEF, i64 a, i32 b, i32 c, i32 d, i32 e, i32 f)
