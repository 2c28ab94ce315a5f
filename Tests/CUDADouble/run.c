// Executes PTX, one warp of a group after the other from one meeting to the next; of a warp those threads first that are
// furthest behind. What a tensor core does with the sum of a product is not said by PTX; here it is rounded once.
#include "double.h"
#include "numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WARP = 32, MISALIGNED_ADDRESS = 716 };

/// A register of all threads of a warp.
typedef uint64_t lanes[WARP];

typedef enum { RUNS, MEETS, ENDED } state;

typedef struct {
    lanes *registers;
    int at[WARP];
    state states[WARP];
} warp;

typedef struct {
    const ptx_code *code;
    const uint64_t *arguments;
    unsigned char *shared;
    int (*is_allocated)(uint64_t address, uint64_t bytes);
    char words[200];
    int status;
} machine;

static int stop(machine *m, int status, const char *what, uint64_t where, int at) {
    if (!m->status) snprintf(m->words, sizeof m->words, "%s %llx, instruction %d", what, (unsigned long long)where, at);
    m->status = status;
    return 0;
}

/// Where an access goes in the host's memory; 0 where it goes astray.
static unsigned char *place(machine *m, const ptx_instruction *i, uint64_t address, int at) {
    const uint64_t bytes = (uint64_t)type_bytes(i->type) * (uint64_t)i->width;
    if (address % bytes) return stop(m, MISALIGNED_ADDRESS, "an access that is not aligned at", address, at), NULL;
    if (i->space == S_PARAM) return (unsigned char *)m->arguments + address;
    if (i->space == S_SHARED) {
        if (address + bytes <= (uint64_t)m->code->shared_bytes) return m->shared + address;
        return stop(m, ILLEGAL_ADDRESS, "an access beyond shared memory at", address, at), NULL;
    }
    if (m->is_allocated(address, bytes)) return (unsigned char *)address;
    return stop(m, ILLEGAL_ADDRESS, "an access beyond what was laid out at", address, at), NULL;
}

static int load(machine *m, warp *w, const ptx_instruction *i, uint32_t active, int at) {
    const size_t bytes = (size_t)type_bytes(i->type);
    const uint64_t *base = w->registers[i->operands[i->width]], *offset = w->registers[i->operands[i->width + 1]];
    for (int lane = 0; lane < WARP; lane++) {
        if (!(active >> lane & 1)) continue;
        const unsigned char *from = place(m, i, base[lane] + offset[lane], at);
        if (!from) return 0;
        for (int e = 0; e < i->width; e++) {
            uint64_t bits = 0;
            memcpy(&bits, from + (size_t)e * bytes, bytes);
            w->registers[i->operands[e]][lane] = fit(bits, i->type);
        }
    }
    return 1;
}

static int store(machine *m, warp *w, const ptx_instruction *i, uint32_t active, int at) {
    const size_t bytes = (size_t)type_bytes(i->type);
    const uint64_t *base = w->registers[i->operands[0]], *offset = w->registers[i->operands[1]];
    for (int lane = 0; lane < WARP; lane++) {
        if (!(active >> lane & 1)) continue;
        unsigned char *to = place(m, i, base[lane] + offset[lane], at);
        if (!to) return 0;
        for (int e = 0; e < i->width; e++) memcpy(to + (size_t)e * bytes, &w->registers[i->operands[2 + e]][lane], bytes);
    }
    return 1;
}

/// What the instructions that come most often make of all lanes at once. Returns 0 for others.
static inline __attribute__((always_inline)) int calculate_often(
    const ptx_instruction *i, const uint64_t *a, const uint64_t *b, const uint64_t *c, uint64_t *results) {
#define EACH(value)                                                                                                       \
    for (int l = 0; l < WARP; l++) results[l] = (value);                                                                  \
    return 1
    if (i->type == T_F32) {
        switch (i->operation) {
        case OP_fma: EACH(bits_of(fmaf(float_of(a[l]), float_of(b[l]), float_of(c[l]))));
        case OP_add: EACH(bits_of(float_of(a[l]) + float_of(b[l])));
        case OP_sub: EACH(bits_of(float_of(a[l]) - float_of(b[l])));
        case OP_mul: EACH(bits_of(float_of(a[l]) * float_of(b[l])));
        case OP_selp: EACH(c[l] & 1 ? a[l] : b[l]);
        case OP_mov: if (i->width == 1) { EACH(a[l]); }
        default: return 0;
        }
    }
    const uint64_t mask = type_bytes(i->type) == 8 ? ~0ull : 0xffffffff;
    if (type_bytes(i->type) < 4) return 0;
    switch (i->operation) {
    case OP_mov: if (i->width == 1) { EACH(a[l] & mask); }
        return 0;
    case OP_add: EACH((a[l] + b[l]) & mask);
    case OP_sub: EACH((a[l] - b[l]) & mask);
    case OP_and: EACH(a[l] & b[l] & mask);
    case OP_or: EACH((a[l] | b[l]) & mask);
    case OP_selp: EACH((c[l] & 1 ? a[l] : b[l]) & mask);
    case OP_mul:
        if (i->mode == M_LO) { EACH(a[l] * b[l] & mask); }
        if (i->mode == M_WIDE && i->type == T_U32) { EACH((uint64_t)(uint32_t)a[l] * (uint32_t)b[l]); }
        return 0;
    case OP_mad:
        if (i->mode == M_LO) { EACH((a[l] * b[l] + c[l]) & mask); }
        return 0;
    case OP_cvt:
        if (i->from == T_U32) { EACH((uint32_t)a[l]); }
        return 0;
    default: return 0;
    }
#undef EACH
}

/// An instruction that needs registers only, for the lanes that take part.
static inline __attribute__((always_inline)) int compute(machine *m, warp *w, const ptx_instruction *i, uint32_t active, int at) {
    const uint64_t *a = w->registers[i->count > 1 ? i->operands[1] : 0];
    const uint64_t *b = w->registers[i->count > 2 ? i->operands[2] : 0];
    const uint64_t *c = w->registers[i->count > 3 ? i->operands[3] : 0];
    lanes results;
    if (i->operation == OP_mov && i->width == 2) { // taken apart
        const uint64_t *both = w->registers[i->operands[2]];
        const int half = 4 * type_bytes(i->type);
        for (int lane = 0; lane < WARP; lane++) {
            if (!(active >> lane & 1)) continue;
            const uint64_t bits = both[lane];
            w->registers[i->operands[0]][lane] = bits & ((1ull << half) - 1);
            w->registers[i->operands[1]][lane] = bits >> half & ((1ull << half) - 1);
        }
        return 1;
    }
    if (!calculate_often(i, a, b, c, results))
        for (int lane = 0; lane < WARP; lane++)
            if (active >> lane & 1 && !calculate(i, a[lane], b[lane], c[lane], &results[lane]))
                return stop(m, INVALID_PTX, "what is not carried out,", (uint64_t)i->operation, at);
    uint64_t *to = w->registers[i->operands[0]];
    if (active == ~0u) {
        memcpy(to, results, sizeof results);
    } else {
        for (int lane = 0; lane < WARP; lane++)
            if (active >> lane & 1) to[lane] = results[lane];
    }
    return 1;
}

static float bfloat_of_pair(uint64_t pair, int odd) { return float_of(odd ? pair & 0xffff0000 : pair << 16); }

/// `D[16, 8] = A[16, 16] B[16, 8] + C`: who holds what is said in the description of mma.m16n8k16 for bfloat16.
static void multiply(const ptx_instruction *i, warp *w) {
    float a[16][16], b[16][8];
    lanes results[4];
    for (int lane = 0; lane < WARP; lane++) {
        const int g = lane / 4, t = lane % 4;
        for (int e = 0; e < 8; e++) {
            const int row = g + 8 * (e / 2 % 2), column = 2 * t + e % 2 + 8 * (e / 4);
            a[row][column] = bfloat_of_pair(w->registers[i->operands[4 + e / 2]][lane], e % 2);
        }
        for (int e = 0; e < 4; e++)
            b[2 * t + e % 2 + 8 * (e / 2)][g] = bfloat_of_pair(w->registers[i->operands[8 + e / 2]][lane], e % 2);
    }
    for (int lane = 0; lane < WARP; lane++)
        for (int e = 0; e < 4; e++) {
            const int row = lane / 4 + 8 * (e / 2), column = 2 * (lane % 4) + e % 2;
            double sum = float_of(w->registers[i->operands[10 + e]][lane]);
            for (int k = 0; k < 16; k++) sum += (double)a[row][k] * b[k][column];
            results[e][lane] = bits_of((float)sum);
        }
    for (int e = 0; e < 4; e++) memcpy(w->registers[i->operands[e]], results[e], sizeof results[e]);
}

/// What a warp does together: all of its threads must be at the same instruction.
static int exchange(machine *m, warp *w, const ptx_instruction *i, uint32_t active, int at) {
    if (active != ~0u)
        return stop(m, LAUNCH_FAILED, "not all threads of a warp are at what it does together: only", active, at);
    if (i->operation == OP_mma) {
        multiply(i, w);
        return 1;
    }
    lanes values;
    const uint64_t *from = w->registers[i->operands[1]], *distance = w->registers[i->operands[2]];
    for (int lane = 0; lane < WARP; lane++) values[lane] = from[((uint64_t)lane ^ distance[lane]) % WARP];
    memcpy(w->registers[i->operands[0]], values, sizeof values);
    return 1;
}

/// The lanes that are furthest behind, and where the next ones are.
static uint32_t choose(const warp *w, int *at, int *others) {
    uint32_t active = 0;
    *at = *others = 1 << 30;
    for (int lane = 0; lane < WARP; lane++) {
        if (w->states[lane] != RUNS) continue;
        if (w->at[lane] < *at) {
            *others = *at;
            *at = w->at[lane];
            active = 0;
        }
        if (w->at[lane] == *at) active |= 1u << lane;
        else if (w->at[lane] < *others) *others = w->at[lane];
    }
    return active;
}

#if defined(__x86_64__)
/// Once more for processors that do all lanes in a few instructions.
#define FOR_PROCESSORS __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define FOR_PROCESSORS
#endif

/// Runs a warp until all of its threads have ended or meet others. Returns 0 where it fails.
FOR_PROCESSORS static int run_warp(machine *m, warp *w) {
    int at, others;
    for (uint32_t active; (active = choose(w, &at, &others));) {
        for (int goes_on = 1; goes_on && at < others;) {
            const ptx_instruction *i = &m->code->items[at];
            uint32_t taking = active;
            if (i->guard >= 0) {
                const uint64_t *guard = w->registers[i->guard];
                uint32_t is_set = 0;
                for (int lane = 0; lane < WARP; lane++) is_set |= (uint32_t)(guard[lane] & 1) << lane;
                taking &= i->guard_is ? is_set : ~is_set;
            }
            const int here = at++;
            if (!taking) continue;
            switch (i->operation) {
            case OP_bra:
                if (taking == active) {
                    at = i->target;
                    // Backwards, others may be behind now.
                    goes_on = others == 1 << 30;
                    continue;
                }
                for (int lane = 0; lane < WARP; lane++)
                    if (active >> lane & 1) w->at[lane] = taking >> lane & 1 ? i->target : at;
                active = 0;
                break;
            case OP_ret: case OP_exit: case OP_bar:
                for (int lane = 0; lane < WARP; lane++) {
                    if (!(active >> lane & 1)) continue;
                    w->at[lane] = at;
                    if (taking >> lane & 1) w->states[lane] = i->operation == OP_bar ? MEETS : ENDED;
                }
                active = 0;
                break;
            case OP_ld: if (!load(m, w, i, taking, here)) return 0;
                continue;
            case OP_st: if (!store(m, w, i, taking, here)) return 0;
                continue;
            case OP_mma: case OP_shfl: if (!exchange(m, w, i, taking, here)) return 0;
                continue;
            default: if (!compute(m, w, i, taking, here)) return 0;
                continue;
            }
            goes_on = 0;
        }
        for (int lane = 0; lane < WARP; lane++)
            if (active >> lane & 1) w->at[lane] = at;
    }
    return 1;
}

static int run_group(machine *m, warp *warps, uint32_t count) {
    for (uint32_t ended = 0; ended < count * WARP;) {
        for (uint32_t i = 0; i < count; i++)
            if (!run_warp(m, &warps[i])) return 0;
        ended = 0;
        int where = -1;
        for (uint32_t i = 0; i < count * WARP; i++) {
            warp *w = &warps[i / WARP];
            if (w->states[i % WARP] == ENDED) {
                ended++;
                continue;
            }
            // A meeting is one of all threads that have not ended, at one place.
            const int at = w->at[i % WARP];
            if (where >= 0 && at != where) return stop(m, LAUNCH_FAILED, "threads meet at two places, thread", i, at);
            where = at;
            w->states[i % WARP] = RUNS;
        }
    }
    return 1;
}

const char *code_run(const ptx_code *code, const uint64_t *arguments, const uint32_t groups[3], const uint32_t threads[3],
                     int (*is_allocated)(uint64_t address, uint64_t bytes), int *status) {
    static _Thread_local char words[200];
    const uint32_t count = threads[0] * threads[1] * threads[2], warp_count = (count + WARP - 1) / WARP;
    machine m = {.code = code, .arguments = arguments, .is_allocated = is_allocated};
    warp *warps = calloc(warp_count, sizeof *warps);
    const size_t bytes = sizeof(lanes) * (size_t)code->registers;
    // Nobody may count on what nobody has written.
    lanes *registers = aligned_alloc(64, bytes * warp_count);
    memset(registers, 0xff, bytes * warp_count);
    m.shared = malloc((size_t)code->shared_bytes + 16);
    for (uint32_t i = 0; i < warp_count; i++) {
        warps[i].registers = registers + (size_t)code->registers * i;
        for (int c = 0; c < code->constant_count; c++)
            for (int lane = 0; lane < WARP; lane++)
                warps[i].registers[code->constants[c].index][lane] = code->constants[c].value;
    }
    const uint64_t group_count = (uint64_t)groups[0] * groups[1] * groups[2];
    for (uint64_t group = 0; group < group_count && !m.status; group++) {
        memset(m.shared, 0xff, (size_t)code->shared_bytes);
        for (uint32_t i = 0; i < warp_count * WARP; i++) {
            warp *w = &warps[i / WARP];
            const uint32_t special[SPECIALS] = {
                i % threads[0], i / threads[0] % threads[1], i / threads[0] / threads[1], threads[0], threads[1], threads[2],
                (uint32_t)(group % groups[0]), (uint32_t)(group / groups[0] % groups[1]),
                (uint32_t)(group / groups[0] / groups[1]), groups[0], groups[1], groups[2]};
            for (int s = 0; s < SPECIALS; s++) w->registers[s][i % WARP] = special[s];
            w->at[i % WARP] = 0;
            w->states[i % WARP] = i < count ? RUNS : ENDED;
        }
        run_group(&m, warps, warp_count);
    }
    free(warps);
    free(registers);
    free(m.shared);
    *status = m.status;
    snprintf(words, sizeof words, "%s", m.words);
    return m.status ? words : 0;
}
