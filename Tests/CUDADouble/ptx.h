// What the double reads of a PTX module.
#ifndef PTX_H
#define PTX_H

#include "code.h"

#define MOST_PARAMETERS 64

typedef struct {
    char name[96];
    int parameters;
    unsigned char bytes[MOST_PARAMETERS];
    int shared_bytes;
    const char *body, *end; ///< in the module's text
} ptx_entry;

typedef struct {
    int version; ///< ten times the version of the language
    int target;  ///< ten times the compute capability
    char *text;
    ptx_entry *entries;
    int entry_count;
} ptx_module;

/// Returns 0, or what is wrong, as words of a compiler; `*module` is the caller's then, too, see `ptx_free`.
const char *ptx_read(ptx_module *module, const char *text);
void ptx_free(ptx_module *module);

#endif
