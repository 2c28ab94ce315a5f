// Memory of the device, which is the host's, and copies.
#include "double.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    char *start;
    size_t bytes;
} allocation;

/// What was laid out on the device, and what of the host's memory the driver knows.
static struct {
    allocation *items;
    int count, room;
} device, host;
static size_t used;

static int find(const allocation *items, int count, const char *address, size_t bytes) {
    for (int i = 0; i < count; i++)
        if (address >= items[i].start && address + bytes <= items[i].start + items[i].bytes) return i;
    return -1;
}

int is_allocated(CUdeviceptr address, uint64_t bytes) {
    // Most accesses are where the last one was.
    static int last;
    if (last < device.count && find(&device.items[last], 1, (const char *)address, bytes) == 0) return 1;
    const int at = find(device.items, device.count, (const char *)address, bytes);
    if (at >= 0) last = at;
    return at >= 0;
}

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
    CUresult result = enter("cuMemGetInfo_v2", CONTEXT);
    if (!result) {
        *total = (size_t)properties[CUDA_DOUBLE_MEMORY_BYTES];
        *free = *total - used;
    }
    return leave("cuMemGetInfo_v2", result);
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
    CUresult result = enter("cuMemAlloc_v2", NOT_IN_CAPTURE);
    if (!result && !bytes) result = INVALID_VALUE;
    if (!result && bytes > (size_t)properties[CUDA_DOUBLE_MEMORY_BYTES] - used) result = OUT_OF_MEMORY;
    if (!result && device.count == device.room) {
        device.room = 2 * device.room + 64;
        device.items = realloc(device.items, sizeof *device.items * (size_t)device.room);
    }
    const uint64_t read_and_write = 1;
    char *start = 0;
    if (!result && properties[CUDA_DOUBLE_RUNS_PTX]) start = aligned_alloc(256, (bytes + 255) & ~255ul);
    else if (!result) start = driver.clSVMAlloc(driver.context, read_and_write, bytes, 0);
    if (!result && !start) result = OUT_OF_MEMORY;
    if (!result) {
        // Floats of these bits are no numbers: whoever reads what was never written is found out.
        memset(start, 0xff, bytes);
        device.items[device.count++] = (allocation){start, bytes};
        used += bytes;
        count_live(1);
        *address = (CUdeviceptr)start;
    }
    return leave("cuMemAlloc_v2", result);
}

CUresult cuMemFree_v2(CUdeviceptr address) {
    CUresult result = enter("cuMemFree_v2", NOT_IN_CAPTURE);
    if (!result) result = flush();
    const int at = find(device.items, device.count, (const char *)address, 0);
    if (!result && (at < 0 || (CUdeviceptr)device.items[at].start != address))
        result = wrong(INVALID_VALUE, "memory is given back that was not laid out");
    if (!result) {
        used -= device.items[at].bytes;
        if (properties[CUDA_DOUBLE_RUNS_PTX]) free(device.items[at].start);
        else driver.clSVMFree(driver.context, device.items[at].start);
        device.items[at] = device.items[--device.count];
        count_live(-1);
    }
    return leave("cuMemFree_v2", result);
}

CUresult cuMemHostAlloc(void **address, size_t bytes, unsigned flags) {
    CUresult result = enter("cuMemHostAlloc", NOT_IN_CAPTURE);
    if (!result && (!bytes || flags)) result = INVALID_VALUE;
    if (!result && host.count == host.room) {
        host.room = 2 * host.room + 8;
        host.items = realloc(host.items, sizeof *host.items * (size_t)host.room);
    }
    char *start = result ? 0 : malloc(bytes);
    if (!result && !start) result = OUT_OF_MEMORY;
    if (!result) {
        host.items[host.count++] = (allocation){start, bytes};
        count_live(1);
        *address = start;
    }
    return leave("cuMemHostAlloc", result);
}

CUresult cuMemFreeHost(void *address) {
    CUresult result = enter("cuMemFreeHost", NOT_IN_CAPTURE);
    if (!result) result = flush();
    const int at = find(host.items, host.count, address, 0);
    if (!result && (at < 0 || host.items[at].start != address))
        result = wrong(INVALID_VALUE, "memory of the host is given back that the driver did not lay out");
    if (!result) {
        free(host.items[at].start);
        host.items[at] = host.items[--host.count];
        count_live(-1);
    }
    return leave("cuMemFreeHost", result);
}

/// A copy may be made at any time until somebody waits for it: the double makes it last.
static CUresult copy(const char *call, int kind, CUdeviceptr address, void *memory, size_t bytes, stream *in) {
    CUresult result = enter(call, NOT_IN_CAPTURE);
    if (!result && !is_allocated(address, bytes)) result = wrong(INVALID_VALUE, "%s beyond what was laid out", call);
    const work item = {.kind = kind, .host = memory, .device = address, .bytes = bytes};
    if (!result) result = enqueue(in, &item);
    return leave(call, result);
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, stream *in) {
    return copy("cuMemcpyHtoDAsync_v2", TO_DEVICE, to, (void *)from, bytes, in);
}

CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, stream *in) {
    return copy("cuMemcpyDtoHAsync_v2", TO_HOST, from, to, bytes, in);
}
