// SPDX-License-Identifier: Apache-2.0
#include "internal.h"
#include "peer.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STACK_SIZE = 64 << 10 };

/// A log to which writers append, each waiting until its record is on the disk.
typedef struct commit_log {
  pthread_mutex_t lock;
  pthread_cond_t work;
  /// For the writers of the batches with even, and with odd, numbers: a batch wakes none but its own.
  pthread_cond_t done[2];
  uint8_t *buffers[2];
  uint8_t *record;
  size_t filled, size;
  /// The number of the batch that fills, and of the newest that is on the disk.
  uint64_t batch, durable;
  uint64_t each;
  int file;
  bool is_over, has_failed;
} commit_log;

static void *write_records(void *argument) {
  commit_log *log = argument;
  pthread_mutex_lock(&log->lock);
  for (uint64_t i = 0; i < log->each && !log->has_failed; i++) {
    uint64_t batch = log->batch;
    memcpy(log->buffers[batch % 2] + log->filled, log->record, log->size);
    log->filled += log->size;
    if (log->filled == log->size) pthread_cond_signal(&log->work);
    while (log->durable < batch && !log->has_failed) {
      pthread_cond_wait(&log->done[batch % 2], &log->lock);
    }
  }
  pthread_mutex_unlock(&log->lock);
  return NULL;
}

static void *commit_batches(void *argument) {
  commit_log *log = argument;
  pthread_mutex_lock(&log->lock);
  for (;;) {
    while (log->filled == 0 && !log->is_over) pthread_cond_wait(&log->work, &log->lock);
    if (log->filled == 0) break;
    uint64_t batch = log->batch++;
    size_t size = log->filled;
    log->filled = 0;
    pthread_mutex_unlock(&log->lock);
    bool ok = peer_write_all(log->file, log->buffers[batch % 2], size) && fdatasync(log->file) == 0;
    if (!ok) peer_fail("write", strerror(errno));
    pthread_mutex_lock(&log->lock);
    log->durable = batch;
    pthread_cond_broadcast(&log->done[batch % 2]);
    if (!ok) {
      log->has_failed = true;
      pthread_cond_broadcast(&log->done[(batch + 1) % 2]);
      break;
    }
  }
  pthread_mutex_unlock(&log->lock);
  return NULL;
}

/// Runs the writers and the thread that commits; what began is ended whatever fails.
static bool run_writers(commit_log *log, pthread_t *threads, size_t writers) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, STACK_SIZE);
  pthread_t committer;
  int problem = pthread_create(&committer, &small, commit_batches, log);
  size_t begun = 0;
  if (!problem) {
    while (begun < writers && !problem) {
      problem = pthread_create(&threads[begun], &small, write_records, log);
      if (!problem) begun++;
    }
    for (size_t i = 0; i < begun; i++) pthread_join(threads[i], NULL);
    pthread_mutex_lock(&log->lock);
    log->is_over = true;
    pthread_cond_signal(&log->work);
    pthread_mutex_unlock(&log->lock);
    pthread_join(committer, NULL);
  }
  pthread_attr_destroy(&small);
  if (problem) peer_fail("pthread_create", strerror(problem));
  return !problem && !log->has_failed;
}

int64_t peer_disk_commit(const char *path, size_t size, size_t writers, uint64_t each) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return peer_fail("open", strerror(errno));
  commit_log log = {
      .lock = PTHREAD_MUTEX_INITIALIZER,
      .work = PTHREAD_COND_INITIALIZER,
      .done = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER},
      .buffers = {malloc(size * writers), malloc(size * writers)},
      .record = malloc(size),
      .size = size,
      .batch = 1,
      .each = each,
      .file = file,
  };
  pthread_t *threads = calloc(writers, sizeof *threads);
  int64_t spent = -1;
  if (!log.buffers[0] || !log.buffers[1] || !log.record || !threads) {
    peer_fail("peer_disk_commit", "no memory");
  } else {
    memset(log.record, 0x5A, size);
    int64_t start = peer_now();
    if (run_writers(&log, threads, writers)) spent = peer_now() - start;
  }
  free(log.buffers[0]);
  free(log.buffers[1]);
  free(log.record);
  free(threads);
  close(file);
  unlink(path);
  return spent;
}
