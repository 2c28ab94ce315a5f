#include "check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

size_t fault_count, expectation_count;
static char subject[256];

static void fault(const char *what) {
    if (++fault_count <= 20) printf("  fault: %s: %s\n", subject, what);
}

void about(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(subject, sizeof subject, format, arguments);
    va_end(arguments);
}

void expect(int holds, const char *what) {
    expectation_count++;
    if (!holds) fault(what);
}

void expect_near(double actual, double expected, double tolerance, const char *what) {
    expectation_count++;
    if (fabs(actual - expected) <= tolerance * fmax(1, fabs(expected))) return;
    char words[128];
    snprintf(words, sizeof words, "%s is %.9g instead of %.9g", what, actual, expected);
    fault(words);
}

void expect_same(float actual, float expected, const char *what) {
    expectation_count++;
    if (memcmp(&actual, &expected, sizeof actual) == 0 || (actual == 0 && expected == 0)) return;
    char words[128];
    snprintf(words, sizeof words, "%s is %.9g instead of %.9g, to the bit", what, (double)actual, (double)expected);
    fault(words);
}

void expect_gaps(const float *out, size_t rows, size_t columns, size_t stride) {
    const float sentinel = SENTINEL;
    for (size_t row = 0; row + 1 < rows; row++)
        for (size_t c = columns; c < stride; c++)
            if (memcmp(out + row * stride + c, &sentinel, sizeof sentinel) != 0) {
                fault("wrote between the rows");
                return;
            }
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

typedef struct {
    unsigned char *pages;
    size_t front, bytes, length;
} block;
static block blocks[64];
static size_t block_count;

void *take(size_t bytes) {
    if (block_count == sizeof blocks / sizeof *blocks) {
        puts("the check takes too many blocks");
        exit(2);
    }
    block *b = &blocks[block_count++];
#ifdef SANITIZED
    *b = (block){malloc(bytes ? bytes : 1), 0, bytes, 0};
    if (!b->pages) exit(2);
#else
    // The data end where a page that cannot be touched begins.
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), used = (bytes + page) / page * page;
    *b = (block){NULL, used - bytes, bytes, used + page};
    b->pages = mmap(NULL, b->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->pages == MAP_FAILED || mprotect(b->pages + used, page, PROT_NONE) != 0) {
        puts("no memory");
        exit(2);
    }
    memset(b->pages, 0xa5, b->front);
#endif
    return b->pages + b->front;
}

void give_back(void) {
    for (; block_count > 0; block_count--) {
        block *b = &blocks[block_count - 1];
#ifdef SANITIZED
        free(b->pages);
#else
        for (size_t i = 0; i < b->front; i++)
            if (b->pages[i] != 0xa5) {
                fault("wrote in front of its memory");
                break;
            }
        munmap(b->pages, b->length);
#endif
    }
}

static uint64_t state = 1;

static uint32_t next(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

float random_float(float low, float high) { return low + (high - low) * ((float)(next() >> 8) * 0x1p-24f); }

int random_int(int low, int high) { return low + (int)(next() % (uint32_t)(high - low + 1)); }

float *blank(size_t count) {
    float *floats = take(count * sizeof(float));
    for (size_t i = 0; i < count; i++) floats[i] = SENTINEL;
    return floats;
}

float *random_rows(size_t rows, size_t columns, size_t stride, float low, float high) {
    float *floats = take(rows ? ((rows - 1) * stride + columns) * sizeof(float) : 0);
    for (size_t row = 0; row < rows; row++) {
        for (size_t c = 0; c < columns; c++) floats[row * stride + c] = random_float(low, high);
        if (row + 1 < rows)
            for (size_t c = columns; c < stride; c++) floats[row * stride + c] = NAN;
    }
    return floats;
}
