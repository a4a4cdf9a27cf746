// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "peer.h"
#include <sched.h>

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
