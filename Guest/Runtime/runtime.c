// SPDX-License-Identifier: Apache-2.0
// What an actor needs from a C library and a loader: memory, the functions that the host calls,
// and the few symbols that Embedded Swift leaves undefined. No libc, no system.
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name), used))
#define TRAP() __builtin_trap()

// ---- Memory -------------------------------------------------------------------------------------
//
// Blocks carry a 16-byte header with their size, so that every pointer is 16-byte aligned. Up to
// 1 KiB a block belongs to one of 64 size classes, each with a free list. Larger blocks come from one
// free list in address order, first fit, split and joined with their neighbours.
//
// The host may grow the memory too and keep what it got, so only what memory.grow returned here is
// ours: a new region is joined to the last one only when it happens to follow it directly.

enum { GRAIN = 16, SMALL_MAX = 1024, PAGE = 65536, REGION_PAGES = 2 };

typedef struct Block {
    size_t size; // the payload's size in bytes, a multiple of GRAIN
    size_t used; // USED while the block is handed out
    size_t aligned; // distance to the real block, for posix_memalign
    size_t unused;
    struct Block *next; // within the payload, while the block is free
} Block;

enum { HEADER = 16, USED = 0x75736564 };
_Static_assert(offsetof(Block, next) == HEADER, "the header is 16 bytes");

extern unsigned char __heap_base;
static unsigned char *top, *end; // memory of ours that was never handed out
static Block *small[SMALL_MAX / GRAIN + 1];
static Block *large;

static void put_large(Block *block) {
    Block *before = 0, *after = large;
    while (after && after < block) {
        before = after;
        after = after->next;
    }
    block->used = 0;
    block->next = after;
    if (before) before->next = block;
    else large = block;
    if (after && (unsigned char *)block + HEADER + block->size == (unsigned char *)after) {
        block->size += HEADER + after->size;
        block->next = after->next;
    }
    if (before && (unsigned char *)before + HEADER + before->size == (unsigned char *)block) {
        before->size += HEADER + block->size;
        before->next = block->next;
    }
}

static Block *take_large(size_t size) {
    for (Block **link = &large; *link; link = &(*link)->next) {
        Block *block = *link;
        if (block->size < size) continue;
        size_t rest = block->size - size;
        if (rest >= HEADER + SMALL_MAX) {
            Block *tail = (Block *)((unsigned char *)block + HEADER + size);
            tail->size = rest - HEADER;
            tail->used = 0;
            tail->next = block->next;
            *link = tail;
            block->size = size;
        } else {
            *link = block->next;
        }
        return block;
    }
    return 0;
}

// Makes sure that `need` bytes lie between top and end.
static int extend(size_t need) {
    if (!end) {
        top = (unsigned char *)(((uintptr_t)&__heap_base + GRAIN - 1) & ~(uintptr_t)(GRAIN - 1));
        end = (unsigned char *)((uintptr_t)__builtin_wasm_memory_size(0) * PAGE);
        if (top > end) top = end;
    }
    if ((size_t)(end - top) >= need) return 1;
    if (need > SIZE_MAX - REGION_PAGES * PAGE) return 0;
    size_t pages = (need + PAGE - 1) / PAGE;
    if (pages < REGION_PAGES) pages = REGION_PAGES;
    size_t start = __builtin_wasm_memory_grow(0, pages);
    if (start == SIZE_MAX) {
        pages = (need + PAGE - 1) / PAGE;
        start = __builtin_wasm_memory_grow(0, pages);
        if (start == SIZE_MAX) return 0;
    }
    unsigned char *region = (unsigned char *)(start * PAGE);
    if (region != end) {
        // Someone else grew the memory in between: the rest of the old region becomes a free block.
        size_t rest = (size_t)(end - top);
        if (rest >= HEADER + SMALL_MAX) {
            Block *block = (Block *)top;
            block->size = rest - HEADER;
            put_large(block);
        }
        top = region;
    }
    end = region + pages * PAGE;
    return 1;
}

static void *get(size_t size) {
    if (size > PTRDIFF_MAX - 2 * PAGE) return 0;
    size = size < GRAIN ? GRAIN : (size + GRAIN - 1) & ~(size_t)(GRAIN - 1);
    Block *block;
    if (size <= SMALL_MAX) {
        block = small[size / GRAIN];
        if (block) small[size / GRAIN] = block->next;
    } else {
        block = take_large(size);
    }
    if (!block) {
        if (!extend(size + HEADER)) return 0;
        block = (Block *)top;
        block->size = size;
        top += size + HEADER;
    }
    block->used = USED;
    block->aligned = 0;
    return (unsigned char *)block + HEADER;
}

void free(void *pointer) {
    if (!pointer) return;
    Block *block = (Block *)((unsigned char *)pointer - HEADER);
    if (block->used != USED) TRAP(); // freed twice, or never handed out
    if (block->aligned) {
        free((unsigned char *)pointer - block->aligned);
        return;
    }
    block->used = 0;
    if (block->size <= SMALL_MAX) {
        block->next = small[block->size / GRAIN];
        small[block->size / GRAIN] = block;
    } else {
        put_large(block);
    }
}

// Out of memory ends the actor: Swift has no way to go on.
void *malloc(size_t size) {
    void *pointer = get(size);
    if (!pointer) TRAP();
    return pointer;
}

// The same for the SDK, under names that the Swift compiler does not reserve.
void *theater_acquire(size_t size) { return malloc(size); }
void theater_release(void *pointer) { free(pointer); }

int posix_memalign(void **out, size_t alignment, size_t size) {
    if (alignment <= GRAIN) {
        *out = malloc(size);
        return 0;
    }
    if (size > PTRDIFF_MAX - alignment - HEADER) TRAP();
    unsigned char *raw = malloc(size + alignment + HEADER);
    if (((uintptr_t)raw & (alignment - 1)) == 0) {
        *out = raw;
        return 0;
    }
    uintptr_t start = ((uintptr_t)raw + HEADER + alignment - 1) & ~(uintptr_t)(alignment - 1);
    Block *block = (Block *)(start - HEADER);
    block->size = size;
    block->used = USED;
    block->aligned = start - (uintptr_t)raw;
    *out = (void *)start;
    return 0;
}

void *memcpy(void *to, const void *from, size_t size) { return __builtin_memcpy(to, from, size); }
void *memmove(void *to, const void *from, size_t size) { return __builtin_memmove(to, from, size); }
void *memset(void *to, int byte, size_t size) { return __builtin_memset(to, byte, size); }

int memcmp(const void *left, const void *right, size_t size) {
    const unsigned char *a = left, *b = right;
    for (; size; size--, a++, b++) {
        if (*a != *b) return *a - *b;
    }
    return 0;
}

size_t strlen(const char *text) {
    size_t size = 0;
    while (text[size]) size++;
    return size;
}

// ---- What the host calls ------------------------------------------------------------------------

EXPORT("__pack_alloc") void *theater_pack_alloc(int32_t size) {
    if (size <= 0) return 0;
    void *pointer = get((size_t)size);
    return pointer ? memset(pointer, 0, (size_t)size) : 0;
}

EXPORT("__pack_free") void theater_pack_free(void *pointer, int32_t size) {
    if (size > 0) free(pointer);
}

// Generated from the actor's .pact file.
extern const unsigned char theater_types[];
extern const uint32_t theater_types_size;

EXPORT("__pack_types") int32_t theater_pack_types(uint32_t *pointer, uint32_t *size) {
    *pointer = (uint32_t)(uintptr_t)theater_types;
    *size = theater_types_size;
    return 0;
}

// ---- What Embedded Swift expects ----------------------------------------------------------------

// Swift draws hash seeds and SystemRandomNumberGenerator from here. The sequence is the same in
// every run: what an actor does must follow from its input alone. For real randomness ask the host.
void arc4random_buf(void *out, size_t size) {
    static uint64_t state = 0x7468656174657221;
    unsigned char *bytes = out;
    for (size_t index = 0; index < size; index++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes[index] = (unsigned char)(state >> 32);
    }
}

// print() writes here. A line goes to the log when the actor imports it, and nowhere otherwise.
__attribute__((weak)) void theater_print_line(const char *text, uint32_t size) {
    (void)text;
    (void)size;
}

int putchar(int byte) {
    static char line[512];
    static uint32_t used;
    if (byte != '\n') line[used++] = (char)byte;
    if (byte == '\n' || used == sizeof line) {
        theater_print_line(line, used);
        used = 0;
    }
    return byte;
}

uintptr_t __stack_chk_guard = 0x5afe5afe;
void __stack_chk_fail(void) { TRAP(); }

// 128-bit multiplication: printing a Double, Duration, wide hashing.
typedef struct { uint64_t low, high; } Wide;

void __multi3(Wide *out, uint64_t alow, uint64_t ahigh, uint64_t blow, uint64_t bhigh) {
    uint64_t a0 = (uint32_t)alow, a1 = alow >> 32, b0 = (uint32_t)blow, b1 = blow >> 32;
    uint64_t p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0, p11 = a1 * b1;
    uint64_t middle = (p00 >> 32) + (uint32_t)p01 + (uint32_t)p10;
    out->low = (middle << 32) | (uint32_t)p00;
    out->high = p11 + (p01 >> 32) + (p10 >> 32) + (middle >> 32) + alow * bhigh + ahigh * blow;
}

static Wide divide(Wide a, Wide b, Wide *rest) {
    Wide quotient = {0, 0}, r = {0, 0};
    for (int bit = 127; bit >= 0; bit--) {
        r.high = r.high << 1 | r.low >> 63;
        r.low = r.low << 1 | ((bit >= 64 ? a.high >> (bit - 64) : a.low >> bit) & 1);
        if (r.high > b.high || (r.high == b.high && r.low >= b.low)) {
            uint64_t borrow = r.low < b.low;
            r.low -= b.low;
            r.high -= b.high + borrow;
            if (bit >= 64) quotient.high |= (uint64_t)1 << (bit - 64);
            else quotient.low |= (uint64_t)1 << bit;
        }
    }
    *rest = r;
    return quotient;
}

void __udivti3(Wide *out, uint64_t alow, uint64_t ahigh, uint64_t blow, uint64_t bhigh) {
    Wide rest;
    *out = divide((Wide){alow, ahigh}, (Wide){blow, bhigh}, &rest);
}

void __umodti3(Wide *out, uint64_t alow, uint64_t ahigh, uint64_t blow, uint64_t bhigh) {
    Wide rest;
    divide((Wide){alow, ahigh}, (Wide){blow, bhigh}, &rest);
    *out = rest;
}
