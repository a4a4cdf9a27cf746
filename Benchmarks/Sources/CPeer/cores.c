// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "peer.h"
#include <sched.h>
#include <time.h>

void peer_use_cores(int count) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int core = 0; core < CPU_SETSIZE; core++) {
    if (!CPU_ISSET(core, &allowed)) continue;
    if (count > 0) count--;
    else CPU_CLR(core, &allowed);
  }
  sched_setaffinity(0, sizeof allowed, &allowed);
}

int64_t peer_processor_of(int process) {
  clockid_t clock;
  struct timespec time;
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}
