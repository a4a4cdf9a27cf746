// SPDX-License-Identifier: Apache-2.0
#ifndef THEATER_PEER_INTERNAL_H
#define THEATER_PEER_INTERNAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/// Notes what failed, unless something failed before. Returns -1.
int64_t peer_fail(const char *what, const char *why);

/// Writes all bytes; the reason why not is in `errno`.
bool peer_write_all(int file, const uint8_t *bytes, size_t size);

static inline int64_t peer_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}
#endif
