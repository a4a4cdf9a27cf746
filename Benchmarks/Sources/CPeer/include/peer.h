// SPDX-License-Identifier: Apache-2.0
// What a C program can do with the same library, the same engine configuration and the same wasm: the
// limit that the benchmarks compare with. Every function that measures repeats its work `count` times
// and returns the nanoseconds that all of it took, or -1 when something failed; peer_problem says what.
#ifndef THEATER_PEER_H
#define THEATER_PEER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef struct peer peer_t;

/// The first thing that failed; empty while nothing has.
const char *peer_problem(void);

/// Makes an engine with room for `guests` guests, and compiles the wasm. NULL when that fails.
peer_t *_Nullable peer_new(const uint8_t *wasm, size_t size, uint32_t guests);
void peer_delete(peer_t *);

/// Store, pooled instance, one call of an export of the actor convention, drop.
int64_t peer_cycle(peer_t *, const char *function, const uint8_t *input, size_t size, uint64_t count);
/// The same, instantiating and calling on a fiber, as a guest that may suspend needs it.
int64_t peer_cycle_fiber(
    peer_t *, const char *function, const uint8_t *input, size_t size, uint64_t count);

/// Host to guest in one live instance: places the input, calls, copies the answer out.
int64_t peer_call(peer_t *, const char *function, const uint8_t *input, size_t size, uint64_t count);
/// The same through wasmtime_func_call_async.
int64_t peer_call_fiber(
    peer_t *, const char *function, const uint8_t *input, size_t size, uint64_t count);

/// Guest to host: one call of an export that makes as many host calls as its input says. The host
/// function checks the input's place, reads it, and writes a small answer.
int64_t peer_host_calls(peer_t *, const char *function, const uint8_t *input, size_t size);

/// Makes `count` live guests, each after one call, and keeps them until the process ends. Returns the
/// nanoseconds.
int64_t peer_hold(peer_t *, const char *function, const uint8_t *input, size_t size, uint64_t count);

/// Copies `size` bytes `count` times.
int64_t peer_copy(size_t size, uint64_t count);

/// Writes `count` records of `size` bytes to a new file, one write and one fdatasync for each `batch`
/// bytes (a batch of one record: after each): what a group commit costs without a format, a hash or a lock.
int64_t peer_disk_stream(const char *path, size_t size, uint64_t count, size_t batch);

/// `writers` threads append `each` records of `size` bytes to one log, and wait after each until it is on
/// the disk; one thread writes and syncs what has gathered meanwhile: a group commit without a format or a hash.
int64_t peer_disk_commit(const char *path, size_t size, size_t writers, uint64_t each);

/// Keeps the calling thread, and every thread it starts from now on, on the first `count` of its cores.
void peer_use_cores(int count);

/// Nanoseconds of processor time that a process has used; 0 for one that is gone.
int64_t peer_processor_of(int process);

/// Starts a program with posix_spawn and waits for it, `count` times.
int64_t peer_programs(const char *path, uint64_t count);

/// Reads what `cat` passes on of `size` zeros, 64 KiB at a time.
int64_t peer_cat(uint64_t size);

#pragma clang assume_nonnull end
#endif
