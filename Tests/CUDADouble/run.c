// Executes PTX, one thread of a group after the other from one meeting to the next. What a tensor core does with the sum of
// a product is not said by PTX; here it is rounded once.
#include "code.h"
#include "double.h"
#include "numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARP = 32, MISALIGNED_ADDRESS = 716 };

typedef enum { RUNS, MEETS, EXCHANGES, ENDED } state;

typedef struct {
    uint64_t *registers;
    int at;
    state state;
    uint32_t special[SPECIALS];
} thread;

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

static inline uint64_t get(const thread *t, const ptx_operand *o) {
    switch (o->kind) {
    case REGISTER: return t->registers[o->index];
    case SPECIAL: return t->special[o->index];
    default: return o->value;
    }
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

/// Runs a thread until it ends, meets the others, or exchanges something with its warp. Returns 0 where it fails.
static int run_thread(machine *m, thread *t) {
    for (;;) {
        if (t->at >= m->code->count) return t->state = ENDED, 1;
        const int at = t->at++;
        const ptx_instruction *i = &m->code->items[at];
        if (i->guard >= 0 && (int)(t->registers[i->guard] & 1) != i->guard_is) continue;
        switch (i->operation) {
        case OP_bra: t->at = i->target; continue;
        case OP_ret: case OP_exit: t->state = ENDED; return 1;
        case OP_bar: t->state = MEETS; return 1;
        case OP_mma: case OP_shfl: t->at = at; t->state = EXCHANGES; return 1;
        case OP_ld: {
            const unsigned char *from =
                place(m, i, get(t, &i->operands[i->width]) + get(t, &i->operands[i->width + 1]), at);
            if (!from) return 0;
            for (int e = 0; e < i->width; e++) {
                uint64_t bits = 0;
                memcpy(&bits, from + e * type_bytes(i->type), (size_t)type_bytes(i->type));
                t->registers[i->operands[e].index] = fit(bits, i->type);
            }
            continue;
        }
        case OP_st: {
            unsigned char *to = place(m, i, get(t, &i->operands[0]) + get(t, &i->operands[1]), at);
            if (!to) return 0;
            for (int e = 0; e < i->width; e++) {
                const uint64_t bits = get(t, &i->operands[2 + e]);
                memcpy(to + e * type_bytes(i->type), &bits, (size_t)type_bytes(i->type));
            }
            continue;
        }
        default: break;
        }
        if (i->operation == OP_mov && i->width == 2) {
            const uint64_t both = get(t, &i->operands[2]);
            const int half = 4 * type_bytes(i->type);
            t->registers[i->operands[0].index] = both & ((1ull << half) - 1);
            t->registers[i->operands[1].index] = both >> half & ((1ull << half) - 1);
            continue;
        }
        uint64_t result = 0;
        const uint64_t a = i->count > 1 ? get(t, &i->operands[1]) : 0, b = i->count > 2 ? get(t, &i->operands[2]) : 0;
        const uint64_t c = i->count > 3 ? get(t, &i->operands[3]) : 0;
        if (!calculate(i, a, b, c, &result)) return stop(m, INVALID_PTX, "what is not carried out,", (uint64_t)i->operation, at);
        t->registers[i->operands[0].index] = result;
    }
}

static float bfloat_at(const thread *t, const ptx_operand *o, int odd) {
    const uint64_t pair = get(t, o);
    return float_of(odd ? pair & 0xffff0000 : pair << 16);
}

/// `D[16, 8] = A[16, 16] B[16, 8] + C`: who holds what is said in the description of mma.m16n8k16 for bfloat16.
static void multiply(const ptx_instruction *i, thread *warp) {
    float a[16][16], b[16][8], results[WARP][4];
    for (int lane = 0; lane < WARP; lane++) {
        const int g = lane / 4, t = lane % 4;
        for (int e = 0; e < 8; e++) {
            const int row = g + 8 * (e / 2 % 2), column = 2 * t + e % 2 + 8 * (e / 4);
            a[row][column] = bfloat_at(&warp[lane], &i->operands[4 + e / 2], e % 2);
        }
        for (int e = 0; e < 4; e++) b[2 * t + e % 2 + 8 * (e / 2)][g] = bfloat_at(&warp[lane], &i->operands[8 + e / 2], e % 2);
    }
    for (int lane = 0; lane < WARP; lane++)
        for (int e = 0; e < 4; e++) {
            const int row = lane / 4 + 8 * (e / 2), column = 2 * (lane % 4) + e % 2;
            double sum = float_of(get(&warp[lane], &i->operands[10 + e]));
            for (int k = 0; k < 16; k++) sum += (double)a[row][k] * b[k][column];
            results[lane][e] = (float)sum;
        }
    for (int lane = 0; lane < WARP; lane++)
        for (int e = 0; e < 4; e++) warp[lane].registers[i->operands[e].index] = bits_of(results[lane][e]);
}

/// What a warp does together: all of its threads must be there, at the same instruction.
static int exchange(machine *m, thread *warp, uint32_t count) {
    const int at = warp[0].at;
    const ptx_instruction *i = &m->code->items[at];
    for (uint32_t lane = 0; lane < WARP; lane++)
        if (count != WARP || warp[lane].state != EXCHANGES || warp[lane].at != at)
            return stop(m, LAUNCH_FAILED, "not all threads of a warp are at what it does together, lane", lane, at);
    if (i->operation == OP_mma) {
        multiply(i, warp);
    } else {
        uint64_t values[WARP];
        for (uint32_t lane = 0; lane < WARP; lane++) values[lane] = get(&warp[lane], &i->operands[1]);
        for (uint32_t lane = 0; lane < WARP; lane++)
            warp[lane].registers[i->operands[0].index] = values[(lane ^ get(&warp[lane], &i->operands[2])) % WARP];
    }
    for (int lane = 0; lane < WARP; lane++) {
        warp[lane].at++;
        warp[lane].state = RUNS;
    }
    return 1;
}

static int run_group(machine *m, thread *threads, uint32_t count) {
    for (uint32_t ended = 0; ended < count;) {
        for (uint32_t first = 0; first < count; first += WARP) {
            const uint32_t lanes = count - first < WARP ? count - first : WARP;
            thread *warp = &threads[first];
            for (int again = 1; again;) {
                again = 0;
                for (uint32_t lane = 0; lane < lanes; lane++) {
                    if (warp[lane].state == RUNS && !run_thread(m, &warp[lane])) return 0;
                    again |= warp[lane].state == EXCHANGES;
                }
                if (again && !exchange(m, warp, lanes)) return 0;
            }
        }
        ended = 0;
        int where = -1;
        for (uint32_t i = 0; i < count; i++) {
            if (threads[i].state == ENDED) {
                ended++;
                continue;
            }
            // A meeting is one of all threads that have not ended, at one place.
            if (where >= 0 && threads[i].at != where)
                return stop(m, LAUNCH_FAILED, "threads meet at two places, thread", i, threads[i].at);
            where = threads[i].at;
            threads[i].state = RUNS;
        }
    }
    return 1;
}

const char *code_run(const ptx_code *code, const uint64_t *arguments, const uint32_t groups[3], const uint32_t threads[3],
                     int (*is_allocated)(uint64_t address, uint64_t bytes), int *status) {
    static _Thread_local char words[200];
    const uint32_t count = threads[0] * threads[1] * threads[2];
    machine m = {.code = code, .arguments = arguments, .is_allocated = is_allocated};
    thread *all = calloc(count, sizeof *all);
    uint64_t *registers = malloc(sizeof *registers * (size_t)(code->registers + 1) * count);
    memset(registers, 0xff, sizeof *registers * (size_t)(code->registers + 1) * count);
    m.shared = malloc((size_t)code->shared_bytes + 16);
    const uint64_t group_count = (uint64_t)groups[0] * groups[1] * groups[2];
    for (uint64_t group = 0; group < group_count && !m.status; group++) {
        // Nobody may count on what nobody has written.
        memset(m.shared, 0xff, (size_t)code->shared_bytes);
        for (uint32_t i = 0; i < count; i++) {
            const uint64_t x = group % groups[0], y = group / groups[0] % groups[1], z = group / groups[0] / groups[1];
            all[i] = (thread){
                .registers = registers + (size_t)(code->registers + 1) * i,
                .special = {i % threads[0], i / threads[0] % threads[1], i / threads[0] / threads[1], threads[0],
                            threads[1], threads[2], (uint32_t)x, (uint32_t)y, (uint32_t)z, groups[0], groups[1], groups[2]},
            };
        }
        run_group(&m, all, count);
    }
    free(all);
    free(registers);
    free(m.shared);
    *status = m.status;
    snprintf(words, sizeof words, "%s", m.words);
    return m.status ? words : 0;
}
