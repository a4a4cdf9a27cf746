// SPDX-License-Identifier: Apache-2.0
#include "internal.h"
#include "peer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool peer_write_all(int file, const uint8_t *bytes, size_t size) {
  while (size > 0) {
    ssize_t done = write(file, bytes, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes += done;
    size -= (size_t)done;
  }
  return true;
}

int64_t peer_copy(size_t size, uint64_t count) {
  uint8_t *from = malloc(size), *to = malloc(size);
  if (!from || !to) return peer_fail("peer_copy", "no memory");
  memset(from, 7, size);
  memset(to, 0, size);
  int64_t start = peer_now();
  for (uint64_t i = 0; i < count; i++) {
    memcpy(to, from, size);
    // Keeps the copy from being optimised away.
    __asm__ volatile("" : : "r"(to) : "memory");
  }
  int64_t spent = peer_now() - start;
  free(from);
  free(to);
  return spent;
}

int64_t peer_disk_stream(const char *path, size_t size, uint64_t count, size_t batch) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return peer_fail("open", strerror(errno));
  size_t capacity = batch + size, filled = 0;
  uint8_t *buffer = malloc(capacity), *record = malloc(size);
  if (!buffer || !record) return peer_fail("peer_disk_stream", "no memory");
  memset(record, 0x5A, size);
  bool ok = true;
  int64_t start = peer_now();
  for (uint64_t i = 0; ok && i < count; i++) {
    memcpy(buffer + filled, record, size);
    filled += size;
    if (filled >= batch || i + 1 == count) {
      ok = peer_write_all(file, buffer, filled) && fdatasync(file) == 0;
      filled = 0;
    }
  }
  int64_t spent = peer_now() - start;
  if (!ok) spent = peer_fail("write", strerror(errno));
  free(buffer);
  free(record);
  close(file);
  unlink(path);
  return spent;
}

