// Reads PTX: the part of the language that clang and the kernels' own lines use. What it does not know is an error.
#include "code.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char name[64];
    int base, count; ///< one register where the count is 0
} declared;
typedef struct {
    char name[96];
    int at; ///< the instruction behind a label, the place of a variable
} symbol;

typedef struct {
    ptx_code *code;
    declared registers[128];
    int register_count;
    symbol *labels, *variables;
    int label_count, variable_count;
    struct {
        int instruction;
        char label[96];
    } *branches;
    int branch_count;
    char fault[200];
} reader;

int type_bytes(ptx_type type) {
    switch (type) {
    case T_NONE: case T_PRED: return 0;
    case T_B8: case T_U8: case T_S8: return 1;
    case T_B16: case T_U16: case T_S16: case T_F16: return 2;
    case T_B64: case T_U64: case T_S64: return 8;
    default: return 4;
    }
}

static int fault(reader *r, const char *words, const char *what) {
    if (!r->fault[0]) snprintf(r->fault, sizeof r->fault, "%s: %.120s", words, what);
    return 0;
}

static int find_symbol(const symbol *symbols, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (!strcmp(symbols[i].name, name)) return symbols[i].at;
    return -1;
}

static void add_symbol(symbol **symbols, int *count, const char *name, int at) {
    *symbols = realloc(*symbols, sizeof **symbols * (size_t)(*count + 1));
    snprintf((*symbols)[*count].name, sizeof (*symbols)->name, "%s", name);
    (*symbols)[(*count)++].at = at;
}

static int find_register(const reader *r, const char *name) {
    size_t length = strlen(name);
    for (int i = 0; i < r->register_count; i++)
        if (!r->registers[i].count && !strcmp(r->registers[i].name, name)) return r->registers[i].base;
    while (length && isdigit((unsigned char)name[length - 1])) length--;
    const int number = atoi(name + length);
    for (int i = 0; i < r->register_count; i++) {
        const declared *d = &r->registers[i];
        if (strlen(d->name) == length && !strncmp(d->name, name, length) && number < d->count) return d->base + number;
    }
    return -1;
}

/// `.reg .b32 %r<12>` or `.reg .f16 low, high`.
static int declare(reader *r, char *text) {
    char *name = strtok(text, " \t,"), *ends;
    for (int i = 0; name; name = strtok(0, " \t,"), i++) {
        if (i < 2) continue;
        if (r->register_count == 128) return fault(r, "too many declarations", name);
        const int known = strchr(name, '<') ? -1 : find_register(r, name);
        if (known >= 0) continue; // a scope that comes again
        declared *d = &r->registers[r->register_count++];
        d->base = r->code->registers;
        d->count = 0;
        if ((ends = strchr(name, '<'))) {
            d->count = atoi(ends + 1);
            *ends = 0;
        }
        r->code->registers += d->count ? d->count : 1;
        snprintf(d->name, sizeof d->name, "%s", name);
    }
    return 1;
}

/// `.shared .align 4 .b8 name[128]`.
static int share(reader *r, const char *text) {
    int alignment, bytes;
    char name[96];
    if (sscanf(text, ".shared .align %d .b8 %95[^[][%d]", &alignment, name, &bytes) != 3)
        return fault(r, "memory that is not understood", text);
    const int at = (r->code->shared_bytes + alignment - 1) / alignment * alignment;
    add_symbol(&r->variables, &r->variable_count, name, at);
    r->code->shared_bytes = at + bytes;
    return 1;
}

/// A register for a constant; the same one for the same value.
static int add_constant(reader *r, ptx_instruction *to, uint64_t value) {
    ptx_code *code = r->code;
    int i = 0;
    while (i < code->constant_count && code->constants[i].value != value) i++;
    if (i == code->constant_count) {
        code->constants = realloc(code->constants, sizeof *code->constants * (size_t)(i + 1));
        code->constants[code->constant_count++] = (ptx_constant){code->registers++, value};
    }
    to->operands[to->count++] = code->constants[i].index;
    return 1;
}

static int add_operand(reader *r, ptx_instruction *to, const char *name) {
    static const char *const specials[] = {"%tid", "%ntid", "%ctaid", "%nctaid"};
    if (to->count == 14) return fault(r, "too many operands", name);
    char *end = 0;
    const char *dot = strchr(name, '.');
    uint64_t value = 0;
    if (!strncmp(name, "0f", 2) || !strncmp(name, "0F", 2)) value = strtoull(name + 2, &end, 16);
    else if (*name == '-') value = (uint64_t)strtoll(name, &end, 0);
    else if (isdigit((unsigned char)*name)) value = strtoull(name, &end, 0);
    if (end) return *end ? fault(r, "a constant that is not understood", name) : add_constant(r, to, value);
    for (int i = 0; dot && i < 4; i++) {
        if (strncmp(name, specials[i], (size_t)(dot - name)) || strlen(specials[i]) != (size_t)(dot - name)) continue;
        to->operands[to->count++] = 3 * i + dot[1] - 'x';
        return 1;
    }
    const int variable = find_symbol(r->variables, r->variable_count, name);
    if (variable >= 0) return add_constant(r, to, (uint64_t)variable);
    // The place of a parameter is eight times its number.
    const char *parameter = strstr(name, "_param_");
    if (parameter) return add_constant(r, to, 8 * (uint64_t)atoi(parameter + 7));
    const int index = find_register(r, name);
    to->operands[to->count++] = index;
    return index < 0 ? fault(r, "a name that is not known", name) : 1;
}

static int has_operation(const char *name, ptx_operation *operation) {
    static const char *const names[] = {
#define X(name) #name,
        PTX_OPERATIONS(X)
#undef X
    };
    for (int i = 0; i < OP_COUNT; i++)
        if (!strcmp(names[i], name)) {
            *operation = (ptx_operation)i;
            return 1;
        }
    return 0;
}

/// What is behind the dots of an instruction.
static int modify(reader *r, ptx_instruction *to, const char *word) {
    static const struct {
        const char *name;
        int what, value;
    } words[] = {
        {"pred", 0, T_PRED}, {"b8", 0, T_B8}, {"u8", 0, T_U8}, {"s8", 0, T_S8}, {"b16", 0, T_B16}, {"u16", 0, T_U16},
        {"s16", 0, T_S16}, {"f16", 0, T_F16}, {"bf16x2", 0, T_BF16X2}, {"b32", 0, T_B32}, {"u32", 0, T_U32},
        {"s32", 0, T_S32}, {"f32", 0, T_F32}, {"b64", 0, T_B64}, {"u64", 0, T_U64}, {"s64", 0, T_S64},
        {"eq", 1, C_EQ}, {"ne", 1, C_NE}, {"lt", 1, C_LT}, {"le", 1, C_LE}, {"gt", 1, C_GT}, {"ge", 1, C_GE},
        {"equ", 1, C_EQU}, {"neu", 1, C_NEU}, {"ltu", 1, C_LTU}, {"leu", 1, C_LEU}, {"gtu", 1, C_GTU},
        {"geu", 1, C_GEU}, {"num", 1, C_NUM}, {"nan", 1, C_NAN}, {"global", 2, S_GLOBAL}, {"shared", 2, S_SHARED},
        {"param", 2, S_PARAM}, {"lo", 3, M_LO}, {"hi", 3, M_HI}, {"wide", 3, M_WIDE}, {"rni", 3, M_NEAREST_INTEGER},
        {"rzi", 3, M_ZERO_INTEGER}, {"rmi", 3, M_DOWN_INTEGER}, {"rpi", 3, M_UP_INTEGER}, {"v2", 4, 2}, {"v4", 4, 4},
        // What changes nothing here: rounding to the nearest is all that there is, and hints.
        {"rn", 5, 0}, {"uni", 5, 0}, {"nc", 5, 0}, {"sync", 5, 0}, {"aligned", 5, 0}, {"m16n8k16", 5, 0}, {"row", 5, 0},
        {"col", 5, 0}, {"bf16", 5, 0}, {"bfly", 5, 0}, {"to", 5, 0},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].name, word)) continue;
        const int value = words[i].value;
        switch (words[i].what) {
        case 0:
            if (to->type == T_NONE) to->type = (ptx_type)value;
            else to->from = (ptx_type)value;
            break;
        case 1: to->compare = (ptx_compare)value; break;
        case 2: to->space = (ptx_space)value; break;
        case 3: to->mode = (ptx_mode)value; break;
        case 4: to->width = value; break;
        }
        return 1;
    }
    return fault(r, "a modifier that is not known", word);
}

static int add_instruction(reader *r, char *text) {
    ptx_code *code = r->code;
    if (code->count % 256 == 0) code->items = realloc(code->items, sizeof *code->items * (size_t)(code->count + 256));
    ptx_instruction *to = &code->items[code->count];
    *to = (ptx_instruction){.width = 1, .guard = -1, .guard_is = 1};
    if (*text == '@') {
        char *name = text + 1;
        to->guard_is = *name != '!';
        name += !to->guard_is;
        text = name + strcspn(name, " \t");
        *text++ = 0;
        if ((to->guard = find_register(r, name)) < 0) return fault(r, "a name that is not known", name);
        text += strspn(text, " \t");
    }
    char *operands = text + strcspn(text, " \t");
    if (*operands) *operands++ = 0;
    const int takes_apart = operands[strspn(operands, " \t")] == '{';
    char *save, *word = strtok_r(text, ".", &save);
    if (!word || !has_operation(word, &to->operation)) return fault(r, "an instruction that is not known", text);
    while ((word = strtok_r(0, ".", &save)))
        if (!modify(r, to, word)) return 0;
    if (to->operation == OP_bra) {
        operands += strspn(operands, " \t");
        r->branches = realloc(r->branches, sizeof *r->branches * (size_t)(r->branch_count + 1));
        r->branches[r->branch_count].instruction = code->count;
        snprintf(r->branches[r->branch_count++].label, 96, "%s", operands);
    } else {
        for (word = strtok_r(operands, " \t,{}[]+", &save); word; word = strtok_r(0, " \t,{}[]+", &save))
            if (!add_operand(r, to, word)) return 0;
    }
    // A move of two: apart, or together.
    if (to->operation == OP_mov && to->count == 3) to->width = takes_apart ? 2 : -2;
    // An address without something to add to it gets a zero, and what is stored lies behind both.
    if (to->operation == OP_ld && to->count == to->width + 1 && !add_constant(r, to, 0)) return 0;
    if (to->operation == OP_st && to->count == to->width + 1) {
        if (!add_constant(r, to, 0)) return 0;
        const int zero = to->operands[to->count - 1];
        memmove(&to->operands[2], &to->operands[1], sizeof *to->operands * (size_t)to->width);
        to->operands[1] = zero;
    }
    code->count++;
    return 1;
}

/// One statement without its end. Scopes matter to declarations only, whose names never change their meaning here.
static int read_statement(reader *r, char *text) {
    for (;;) {
        text += strspn(text, " \t\n\r");
        const size_t name = strspn(text, "$_.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
        if (*text == '{' || *text == '}') text++;
        else if (*text == '$' && text[name] == ':') {
            text[name] = 0;
            add_symbol(&r->labels, &r->label_count, text, r->code->count);
            text += name + 1;
        } else break;
    }
    if (!*text || !strncmp(text, ".pragma", 7)) return 1;
    if (!strncmp(text, ".reg", 4)) return declare(r, text);
    if (!strncmp(text, ".shared", 7)) return share(r, text);
    return add_instruction(r, text);
}

const char *code_read(ptx_code *code, const char *body, const char *end) {
    static _Thread_local char words[200];
    reader r = {.code = code};
    *code = (ptx_code){.registers = SPECIALS};
    int is_good = 1;
    while (is_good && body < end) {
        const char *stop = memchr(body, ';', (size_t)(end - body));
        if (!stop) stop = end;
        char *text = strndup(body, (size_t)(stop - body));
        is_good = read_statement(&r, text);
        free(text);
        body = stop + 1;
    }
    for (int i = 0; is_good && i < r.branch_count; i++) {
        const int target = find_symbol(r.labels, r.label_count, r.branches[i].label);
        if (target < 0) is_good = fault(&r, "a label that is not there", r.branches[i].label);
        code->items[r.branches[i].instruction].target = target;
    }
    free(r.labels);
    free(r.variables);
    free(r.branches);
    if (is_good) return 0;
    snprintf(words, sizeof words, "%s", r.fault);
    return words;
}

void code_free(ptx_code *code) {
    free(code->items);
    free(code->constants);
    *code = (ptx_code){0};
}
