// The instructions of a kernel in PTX, as `run.c` executes them.
#ifndef CODE_H
#define CODE_H

#include <stdint.h>

typedef enum {
    T_NONE, T_PRED, T_B8, T_U8, T_S8, T_B16, T_U16, T_S16, T_F16, T_BF16X2, T_B32, T_U32, T_S32, T_F32, T_B64, T_U64, T_S64
} ptx_type;

/// One for each instruction; the types, comparisons and state spaces behind its dots are fields of their own.
#define PTX_OPERATIONS(X)                                                                                                 \
    X(abs) X(add) X(and) X(bar) X(bfe) X(bra) X(clz) X(cvt) X(div) X(exit) X(fma) X(ld) X(mad) X(max) X(min) X(mma)       \
    X(mov) X(mul) X(neg) X(not) X(or) X(popc) X(rcp) X(rem) X(ret) X(selp) X(setp) X(shfl) X(shl) X(shr) X(sqrt) X(st)    \
    X(sub) X(xor) X(cvta)
typedef enum {
#define X(name) OP_##name,
    PTX_OPERATIONS(X)
#undef X
    OP_COUNT
} ptx_operation;

typedef enum { C_NONE, C_EQ, C_NE, C_LT, C_LE, C_GT, C_GE, C_EQU, C_NEU, C_LTU, C_LEU, C_GTU, C_GEU, C_NUM, C_NAN } ptx_compare;
typedef enum { S_NONE, S_GLOBAL, S_SHARED, S_PARAM } ptx_space;
/// Of a product, and how a conversion rounds.
typedef enum { M_NONE, M_LO, M_HI, M_WIDE, M_NEAREST_INTEGER, M_ZERO_INTEGER, M_DOWN_INTEGER, M_UP_INTEGER } ptx_mode;

/// Special registers come first among all: x, y and z of each.
enum { TID, NTID = 3, CTAID = 6, NCTAID = 9, SPECIALS = 12 };

typedef struct {
    ptx_operation operation;
    ptx_type type, from; ///< of the result; of what is converted
    ptx_compare compare;
    ptx_space space;
    ptx_mode mode;
    int width;      ///< elements of a vector; of a move -2 where it puts two together
    int guard;      ///< register of the predicate; -1 without
    int guard_is;   ///< what it must be
    int target;     ///< where a branch goes
    int count;
    int operands[14]; ///< registers; those of vectors one by one, and for memory an address and what is added to it
} ptx_instruction;

/// A register that holds the same all the time.
typedef struct {
    int index;
    uint64_t value;
} ptx_constant;

typedef struct {
    ptx_instruction *items;
    ptx_constant *constants;
    int count, constant_count, registers, shared_bytes;
} ptx_code;

/// Reads the body of an entry. Returns 0, or words for what it does not know.
const char *code_read(ptx_code *code, const char *body, const char *end);
void code_free(ptx_code *code);

int type_bytes(ptx_type type);

/// Executes groups of threads one after the other. Returns 0, or words for what went wrong, and in `*status` the driver's
/// code for it.
const char *code_run(const ptx_code *code, const uint64_t *arguments, const uint32_t groups[3], const uint32_t threads[3],
                     int (*is_allocated)(uint64_t address, uint64_t bytes), int *status);

#endif
