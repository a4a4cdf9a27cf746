// SPDX-License-Identifier: Apache-2.0
#include "peer.h"
#include "cwasmtime.h"
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct peer {
  wasm_engine_t *engine;
  wasmtime_module_t *module;
  wasmtime_linker_t *linker;
  wasmtime_instance_pre_t *pre;
};

/// One live guest.
typedef struct guest {
  wasmtime_store_t *store;
  wasmtime_context_t *context;
  wasmtime_func_t function;
  wasmtime_memory_t memory;
  uint8_t answer[4096];
} guest_t;

/// Where the host puts the input, its two slots and its answers: page 0, which benchmark guests leave alone.
enum { INPUT = 512, POINTER_SLOT = 256, SIZE_SLOT = 260, HOST_ANSWER = 264 };
static const uint64_t FUEL = 10000000000ull;
static const uint64_t YIELD_INTERVAL = 1000000;
/// The unit value in the guest's encoding.
static const uint8_t UNIT[28] = {0x43, 0x47, 0x52, 0x46, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0,
                                 0,    0,    0x0B, 0,    0, 0, 4, 0, 0, 0, 0, 0, 0, 0};

static char problem[512];

const char *peer_problem(void) { return problem; }

int64_t peer_fail(const char *what, const char *why) {
  if (!problem[0]) snprintf(problem, sizeof problem, "%s: %s", what, why);
  return -1;
}

/// Whether a call of the library went well; consumes its error and trap.
static bool fine(const char *what, wasmtime_error_t *_Nullable error, wasm_trap_t *_Nullable trap) {
  if (!error && !trap) return true;
  wasm_byte_vec_t text = {0, NULL};
  if (error) {
    wasmtime_error_message(error, &text);
    wasmtime_error_delete(error);
  } else {
    wasm_trap_message(trap, &text);
    wasm_trap_delete(trap);
  }
  char why[400];
  snprintf(why, sizeof why, "%.*s", (int)text.size, (const char *)text.data);
  wasm_byte_vec_delete(&text);
  peer_fail(what, why);
  return false;
}

// ---- engine ------------------------------------------------------------------------------------

/// The choices of the runtime's own engine, one by one.
static wasm_engine_t *_Nullable make_engine(uint32_t guests) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_consume_fuel_set(config, true);
  wasmtime_config_epoch_interruption_set(config, false);
  wasmtime_config_concurrency_support_set(config, false);
  wasmtime_config_memory_init_cow_set(config, true);
  wasmtime_config_parallel_compilation_set(config, true);
  wasmtime_config_cranelift_opt_level_set(config, 1);
  wasmtime_config_cranelift_nan_canonicalization_set(config, true);
  wasmtime_config_wasm_relaxed_simd_set(config, false);
  wasmtime_config_wasm_threads_set(config, false);
  wasmtime_config_wasm_memory64_set(config, false);
  wasmtime_config_wasm_multi_memory_set(config, true);
  wasmtime_config_max_wasm_stack_set(config, 512 << 10);
  wasmtime_config_async_stack_size_set(config, 1 << 20);
  wasmtime_config_memory_reservation_set(config, 4ull << 30);
  wasmtime_pooling_allocation_config_t *pool = wasmtime_pooling_allocation_config_new();
  wasmtime_pooling_allocation_config_total_core_instances_set(pool, guests);
  wasmtime_pooling_allocation_config_max_memories_per_module_set(pool, 8);
  wasmtime_pooling_allocation_config_max_tables_per_module_set(pool, 8);
  wasmtime_pooling_allocation_config_total_memories_set(pool, guests + 64);
  wasmtime_pooling_allocation_config_total_tables_set(pool, guests + 64);
  wasmtime_pooling_allocation_config_total_stacks_set(pool, guests);
  wasmtime_pooling_allocation_config_max_memory_size_set(pool, (4ull << 30) - 65536);
  wasmtime_pooling_allocation_config_table_elements_set(pool, 1000000);
  wasmtime_pooling_allocation_strategy_set(config, pool);
  wasmtime_pooling_allocation_config_delete(pool);
  return wasm_engine_new_with_config(config);
}

/// Answers every import: checks and reads the input, writes the unit value and its place.
static wasm_trap_t *_Nullable host_function(
    void *_Nullable environment, wasmtime_caller_t *caller, wasmtime_val_raw_t *_Nullable values,
    size_t count) {
  (void)environment;
  (void)count;
  wasmtime_context_t *context = wasmtime_caller_context(caller);
  guest_t *guest = wasmtime_context_get_data(context);
  uint8_t *memory = wasmtime_memory_data(context, &guest->memory);
  size_t size = wasmtime_memory_data_size(context, &guest->memory);
  uint64_t input = (uint32_t)values[0].i32, length = (uint32_t)values[1].i32;
  uint64_t pointer = (uint32_t)values[2].i32, slot = (uint32_t)values[3].i32;
  if (input + length > size || pointer + 4 > size || slot + 4 > size || length > sizeof guest->answer)
    return wasmtime_trap_new("out of bounds", 13);
  memcpy(guest->answer, memory + input, length);
  uint32_t place = HOST_ANSWER, answer = sizeof UNIT;
  memcpy(memory + place, UNIT, sizeof UNIT);
  memcpy(memory + pointer, &place, 4);
  memcpy(memory + slot, &answer, 4);
  values[0].i32 = 0;
  return NULL;
}

static wasm_functype_t *actor_function(void) {
  wasm_valtype_t *parameters[4], *results[1] = {wasm_valtype_new(WASM_I32)};
  for (int i = 0; i < 4; i++) parameters[i] = wasm_valtype_new(WASM_I32);
  wasm_valtype_vec_t in, out;
  wasm_valtype_vec_new(&in, 4, parameters);
  wasm_valtype_vec_new(&out, 1, results);
  return wasm_functype_new(&in, &out);
}

static bool define_imports(peer_t *peer) {
  wasm_functype_t *type = actor_function();
  wasm_importtype_vec_t imports;
  wasmtime_module_imports(peer->module, &imports);
  bool ok = true;
  for (size_t i = 0; ok && i < imports.size; i++) {
    const wasm_name_t *module = wasm_importtype_module(imports.data[i]);
    const wasm_name_t *name = wasm_importtype_name(imports.data[i]);
    ok = fine(
        "define",
        wasmtime_linker_define_func_unchecked(
            peer->linker, (const char *)module->data, module->size, (const char *)name->data,
            name->size, type, host_function, NULL, NULL),
        NULL);
  }
  wasm_importtype_vec_delete(&imports);
  wasm_functype_delete(type);
  return ok;
}

peer_t *_Nullable peer_new(const uint8_t *wasm, size_t size, uint32_t guests) {
  peer_t *peer = calloc(1, sizeof *peer);
  if (!peer || !(peer->engine = make_engine(guests))) return NULL;
  if (!fine("compile", wasmtime_module_new(peer->engine, wasm, size, &peer->module), NULL))
    return NULL;
  peer->linker = wasmtime_linker_new(peer->engine);
  if (!define_imports(peer)) return NULL;
  if (!fine("link", wasmtime_linker_instantiate_pre(peer->linker, peer->module, &peer->pre), NULL))
    return NULL;
  return peer;
}

void peer_delete(peer_t *peer) {
  wasmtime_instance_pre_delete(peer->pre);
  wasmtime_linker_delete(peer->linker);
  wasmtime_module_delete(peer->module);
  wasm_engine_delete(peer->engine);
  free(peer);
}

// ---- guests ------------------------------------------------------------------------------------

static bool poll_to_end(const char *what, wasmtime_call_future_t *future, wasm_trap_t **trap, wasmtime_error_t **error) {
  while (!wasmtime_call_future_poll(future)) continue;
  wasmtime_call_future_delete(future);
  return fine(what, *error, *trap);
}

static bool open_guest(peer_t *peer, guest_t *guest, const char *function, bool fiber) {
  guest->store = wasmtime_store_new(peer->engine, NULL, NULL);
  guest->context = wasmtime_store_context(guest->store);
  wasmtime_context_set_data(guest->context, guest);
  if (!fine("fuel", wasmtime_context_set_fuel(guest->context, FUEL), NULL)) return false;
  wasmtime_instance_t instance;
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error = NULL;
  if (fiber) {
    error = wasmtime_context_fuel_async_yield_interval(guest->context, YIELD_INTERVAL);
    if (!fine("yield interval", error, NULL)) return false;
    wasmtime_call_future_t *future = wasmtime_instance_pre_instantiate_async(
        peer->pre, guest->context, &instance, &trap, &error);
    if (!poll_to_end("instantiate", future, &trap, &error)) return false;
  } else {
    error = wasmtime_instance_pre_instantiate(peer->pre, guest->context, &instance, &trap);
    if (!fine("instantiate", error, trap)) return false;
  }
  wasmtime_extern_t item;
  if (!wasmtime_instance_export_get(guest->context, &instance, function, strlen(function), &item) ||
      item.kind != WASMTIME_EXTERN_FUNC) {
    peer_fail("no function", function);
    return false;
  }
  guest->function = item.of.func;
  if (!wasmtime_instance_export_get(guest->context, &instance, "memory", 6, &item)) {
    peer_fail("no memory", function);
    return false;
  }
  guest->memory = item.of.memory;
  return true;
}

/// Places the input, calls, and copies the answer out.
static bool call(guest_t *guest, const uint8_t *input, size_t size, bool fiber) {
  uint8_t *memory = wasmtime_memory_data(guest->context, &guest->memory);
  memcpy(memory + INPUT, input, size);
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error = NULL;
  int32_t status;
  int32_t in[4] = {INPUT, (int32_t)size, POINTER_SLOT, SIZE_SLOT};
  if (fiber) {
    wasmtime_val_t values[4], result;
    for (int i = 0; i < 4; i++) {
      values[i].kind = WASMTIME_I32;
      values[i].of.i32 = in[i];
    }
    wasmtime_call_future_t *future = wasmtime_func_call_async(
        guest->context, &guest->function, values, 4, &result, 1, &trap, &error);
    if (!poll_to_end("call", future, &trap, &error)) return false;
    status = result.of.i32;
  } else {
    wasmtime_val_raw_t values[4];
    for (int i = 0; i < 4; i++) values[i].i32 = in[i];
    error = wasmtime_func_call_unchecked(guest->context, &guest->function, values, 4, &trap);
    if (!fine("call", error, trap)) return false;
    status = values[0].i32;
  }
  uint32_t place, length;
  memory = wasmtime_memory_data(guest->context, &guest->memory);
  size_t end = wasmtime_memory_data_size(guest->context, &guest->memory);
  memcpy(&place, memory + POINTER_SLOT, 4);
  memcpy(&length, memory + SIZE_SLOT, 4);
  if (status != 0 || length > sizeof guest->answer || (uint64_t)place + length > end) {
    peer_fail("call", "the answer is out of place");
    return false;
  }
  memcpy(guest->answer, memory + place, length);
  return true;
}

// ---- measurements ------------------------------------------------------------------------------

static int64_t cycles(
    peer_t *peer, const char *function, const uint8_t *input, size_t size, uint64_t count, bool fiber) {
  guest_t guest;
  int64_t start = peer_now();
  for (uint64_t i = 0; i < count; i++) {
    if (!open_guest(peer, &guest, function, fiber) || !call(&guest, input, size, fiber)) return -1;
    wasmtime_store_delete(guest.store);
  }
  return peer_now() - start;
}

static int64_t calls(
    peer_t *peer, const char *function, const uint8_t *input, size_t size, uint64_t count, bool fiber) {
  guest_t guest;
  if (!open_guest(peer, &guest, function, fiber)) return -1;
  int64_t start = peer_now();
  for (uint64_t i = 0; i < count; i++) {
    if (!fine("fuel", wasmtime_context_set_fuel(guest.context, FUEL), NULL)) return -1;
    if (!call(&guest, input, size, fiber)) return -1;
  }
  int64_t spent = peer_now() - start;
  wasmtime_store_delete(guest.store);
  return spent;
}

int64_t peer_cycle(peer_t *peer, const char *function, const uint8_t *input, size_t size, uint64_t count) {
  return cycles(peer, function, input, size, count, false);
}

int64_t peer_cycle_fiber(
    peer_t *peer, const char *function, const uint8_t *input, size_t size, uint64_t count) {
  return cycles(peer, function, input, size, count, true);
}

int64_t peer_call(peer_t *peer, const char *function, const uint8_t *input, size_t size, uint64_t count) {
  return calls(peer, function, input, size, count, false);
}

int64_t peer_call_fiber(
    peer_t *peer, const char *function, const uint8_t *input, size_t size, uint64_t count) {
  return calls(peer, function, input, size, count, true);
}

int64_t peer_host_calls(peer_t *peer, const char *function, const uint8_t *input, size_t size) {
  return calls(peer, function, input, size, 1, false);
}

int64_t peer_hold(peer_t *peer, const char *function, const uint8_t *input, size_t size, uint64_t count) {
  int64_t start = peer_now();
  for (uint64_t i = 0; i < count; i++) {
    guest_t guest;
    if (!open_guest(peer, &guest, function, true) || !call(&guest, input, size, true)) return -1;
    wasmtime_context_set_data(guest.context, NULL);
  }
  return peer_now() - start;
}
