#include "ptx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Reads the parameters between the name of an entry and its body, and returns where that begins; 0 where it cannot.
static const char *read_parameters(ptx_entry *entry, const char *at) {
    const char *end = strchr(at, ')'), *body = end ? strchr(end, '{') : 0;
    if (!body) return 0;
    while ((at = strstr(at, ".param ")) && at < end) {
        char kind;
        int bits;
        if (sscanf(at, ".param .%c%d", &kind, &bits) != 2 || entry->parameters == MOST_PARAMETERS) return 0;
        if (!strchr("usbf", kind) || (bits != 32 && bits != 64)) return 0;
        entry->bytes[entry->parameters++] = (unsigned char)(bits / 8);
        at += 7;
    }
    return body;
}

/// Adds up the memory that threads of a group share, and returns the end of the body; 0 where there is none.
static const char *read_body(ptx_entry *entry, const char *at) {
    int depth = 0;
    for (; *at; at++) {
        if (*at == '{') depth++;
        if (*at == '}' && --depth == 0) return entry->end = at;
        int count;
        if (*at == '.' && !strncmp(at, ".shared ", 8)) {
            const char *bracket = strpbrk(at, "[;");
            if (bracket && *bracket == '[' && strstr(at, ".b8 ") && sscanf(bracket, "[%d]", &count) == 1)
                entry->shared_bytes += count;
        }
    }
    return 0;
}

const char *ptx_read(ptx_module *module, const char *text) {
    *module = (ptx_module){.text = strdup(text)};
    text = module->text;
    int major, minor;
    const char *at = strstr(text, ".version ");
    if (!at || sscanf(at, ".version %d.%d", &major, &minor) != 2) return "fatal : Missing .version directive";
    module->version = 10 * major + minor;
    at = strstr(text, ".target ");
    if (!at || sscanf(at, ".target sm_%d", &module->target) != 1) return "fatal : Missing .target directive";
    if (strstr(text, ".extern")) return "fatal : Unresolved extern function or variable";
    while ((at = strstr(at, ".entry "))) {
        at += 7;
        ptx_entry *entries = realloc(module->entries, sizeof *entries * (size_t)(module->entry_count + 1));
        if (!entries) return "fatal : Out of memory";
        module->entries = entries;
        ptx_entry *entry = &entries[module->entry_count++];
        *entry = (ptx_entry){0};
        if (sscanf(at, "%95[A-Za-z0-9_$]", entry->name) != 1) return "fatal : Parsing error near '.entry'";
        if (!(at = read_parameters(entry, at))) return "fatal : Parsing error near '.param'";
        entry->body = at;
        if (!(at = read_body(entry, at))) return "fatal : Parsing error near end of file";
        if (entry->shared_bytes > 48 << 10) return "fatal : Entry function uses too much shared data";
        for (int i = 0; i < module->entry_count - 1; i++)
            if (!strcmp(entries[i].name, entry->name)) return "fatal : Duplicate definition of function";
    }
    return module->entry_count ? 0 : "fatal : No entry function";
}

void ptx_free(ptx_module *module) {
    free(module->entries);
    free(module->text);
    *module = (ptx_module){0};
}
