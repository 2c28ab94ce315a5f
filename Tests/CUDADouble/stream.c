// The stream: what is in it, what it captures, and graphs.
#include "double.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct stream {
    works waiting;
    int is_capturing, is_broken;
    pthread_t capturer;
    works captured;
};
/// There is one in each context, as Mynah needs no more.
static stream *only;

typedef struct {
    works list;
} graph;

CUresult append(works *list, const work *item) {
    if (list->count == list->room) {
        list->room = 2 * list->room + 64;
        list->items = realloc(list->items, sizeof *list->items * (size_t)list->room);
        if (!list->items) return OUT_OF_MEMORY;
    }
    list->items[list->count++] = *item;
    return SUCCESS;
}

int thread_is_capturing(void) { return only && only->is_capturing && pthread_equal(only->capturer, pthread_self()); }

void break_capture(void) {
    if (only) only->is_broken = 1;
}

static CUresult check(const char *call, const stream *in) {
    return in && in == only ? SUCCESS : wrong(INVALID_HANDLE, "%s in the default stream, or in one that is gone", call);
}

CUresult enqueue(stream *in, const work *item) {
    if (check("a launch or a copy", in)) return INVALID_HANDLE;
    if (!in->is_capturing) return append(&in->waiting, item);
    if (in->is_broken) return CAPTURE_INVALIDATED;
    return append(&in->captured, item);
}

CUresult flush(void) {
    CUresult result = SUCCESS;
    if (!only) return result;
    for (int i = 0; i < only->waiting.count && !result; i++) {
        const work *item = &only->waiting.items[i];
        if (item->kind == LAUNCH) {
            result = run_launch(item);
        } else if (!is_allocated(item->device, item->bytes)) {
            result = wrong(ILLEGAL_ADDRESS, "a copy from or to memory that was given back before it was made");
        } else {
            result = finish();
            if (item->kind == TO_DEVICE) memcpy((void *)item->device, item->host, item->bytes);
            else memcpy(item->host, (void *)item->device, item->bytes);
        }
    }
    only->waiting.count = 0;
    const CUresult last = finish();
    return result ? result : last;
}

static void release(stream *gone) {
    free(gone->waiting.items);
    free(gone->captured.items);
    free(gone);
    count_live(-1);
}

void forget_streams(void) {
    if (only) release(only);
    only = 0;
}

CUresult cuStreamCreate(stream **made, unsigned flags) {
    const unsigned beside_the_default = 1;
    CUresult result = enter("cuStreamCreate", CONTEXT);
    if (!result && flags != beside_the_default) result = wrong(INVALID_VALUE, "a stream that waits for the default one");
    if (!result && only) result = wrong(INVALID_VALUE, "the double knows one stream");
    if (!result && !(only = calloc(1, sizeof *only))) result = OUT_OF_MEMORY;
    if (!result) {
        count_live(1);
        *made = only;
    }
    return leave("cuStreamCreate", result);
}

CUresult cuStreamDestroy_v2(stream *gone) {
    CUresult result = enter("cuStreamDestroy_v2", CONTEXT);
    if (!result) result = check("cuStreamDestroy", gone);
    if (!result) result = flush();
    if (!result) forget_streams();
    return leave("cuStreamDestroy_v2", result);
}

CUresult cuStreamSynchronize(stream *in) {
    CUresult result = enter("cuStreamSynchronize", NOT_IN_CAPTURE);
    if (!result) result = check("cuStreamSynchronize", in);
    if (!result && in->is_capturing) result = wrong(CAPTURE_UNSUPPORTED, "a wait for a stream that captures");
    if (!result) result = flush();
    return leave("cuStreamSynchronize", result);
}

CUresult cuStreamBeginCapture_v2(stream *in, int mode) {
    const int thread_local_mode = 1;
    CUresult result = enter("cuStreamBeginCapture_v2", CONTEXT);
    if (!result) result = check("cuStreamBeginCapture", in);
    if (!result && mode != thread_local_mode) result = wrong(INVALID_VALUE, "the double knows capture by one thread only");
    if (!result && in->is_capturing) result = ILLEGAL_STATE;
    if (!result) {
        in->is_capturing = 1;
        in->is_broken = 0;
        in->captured.count = 0;
        in->capturer = pthread_self();
    }
    return leave("cuStreamBeginCapture_v2", result);
}

CUresult cuStreamEndCapture(stream *in, graph **captured) {
    *captured = 0;
    CUresult result = enter("cuStreamEndCapture", CONTEXT);
    CUresult state = check("cuStreamEndCapture", in);
    if (!state && !in->is_capturing) state = wrong(ILLEGAL_STATE, "cuStreamEndCapture without a capture");
    if (!state && !thread_is_capturing()) state = wrong(CAPTURE_WRONG_THREAD, "another thread ends the capture");
    if (!state) {
        in->is_capturing = 0;
        if (in->is_broken) state = CAPTURE_INVALIDATED;
    }
    if (!result) result = state;
    if (!result && !(*captured = calloc(1, sizeof **captured))) result = OUT_OF_MEMORY;
    if (!result) {
        (*captured)->list = in->captured;
        in->captured = (works){0};
        count_live(1);
    }
    return leave("cuStreamEndCapture", result);
}

static void destroy(graph *gone) {
    free(gone->list.items);
    free(gone);
    count_live(-1);
}

CUresult cuGraphDestroy(graph *gone) {
    CUresult result = enter("cuGraphDestroy", INITIALIZED);
    destroy(gone);
    return leave("cuGraphDestroy", result);
}

/// An executable graph is a graph of its own.
CUresult cuGraphInstantiateWithFlags(graph **made, const graph *of, unsigned long long flags) {
    *made = 0;
    CUresult result = enter("cuGraphInstantiateWithFlags", CONTEXT);
    if (!result && flags) result = INVALID_VALUE;
    if (!result && !(*made = calloc(1, sizeof **made))) result = OUT_OF_MEMORY;
    for (int i = 0; !result && i < of->list.count; i++) result = append(&(*made)->list, &of->list.items[i]);
    if (!result) count_live(1);
    return leave("cuGraphInstantiateWithFlags", result);
}

CUresult cuGraphExecDestroy(graph *gone) {
    CUresult result = enter("cuGraphExecDestroy", CONTEXT);
    // The driver keeps it until it is through; the double has copied what it started.
    if (!result) destroy(gone);
    return leave("cuGraphExecDestroy", result);
}

CUresult cuGraphLaunch(const graph *started, stream *in) {
    CUresult result = enter("cuGraphLaunch", CONTEXT);
    for (int i = 0; !result && i < started->list.count; i++) {
        work item = started->list.items[i];
        item.of_graph = 1;
        result = enqueue(in, &item);
    }
    return leave("cuGraphLaunch", result);
}
