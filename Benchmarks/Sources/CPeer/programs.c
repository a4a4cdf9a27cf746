// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "internal.h"
#include "peer.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static bool wait_for(pid_t pid) {
  int status;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return false;
  return status == 0;
}

int64_t peer_programs(const char *path, uint64_t count) {
  char *arguments[] = {(char *)path, NULL}, *environment[] = {NULL};
  int64_t start = peer_now();
  for (uint64_t i = 0; i < count; i++) {
    pid_t pid;
    if (posix_spawn(&pid, path, NULL, NULL, arguments, environment) != 0 || !wait_for(pid))
      return peer_fail("peer_programs", "the program does not run");
  }
  return peer_now() - start;
}

int64_t peer_cat(uint64_t size) {
  char script[96], buffer[65536];
  snprintf(script, sizeof script, "head -c %" PRIu64 " /dev/zero | cat", size);
  char *arguments[] = {"sh", "-c", script, NULL}, *environment[] = {"PATH=/usr/bin:/bin", NULL};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return peer_fail("peer_cat", "no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  int64_t start = peer_now();
  pid_t pid;
  int problem = posix_spawn(&pid, "/bin/sh", &actions, NULL, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  uint64_t total = 0;
  ssize_t done = 0;
  while (problem == 0 && (done = read(ends[0], buffer, sizeof buffer)) > 0) total += (uint64_t)done;
  close(ends[0]);
  if (problem != 0 || !wait_for(pid) || total != size)
    return peer_fail("peer_cat", "not all came");
  return peer_now() - start;
}
