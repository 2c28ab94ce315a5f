// The driver, its device and its contexts; and what tests set up.
#include "double.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

opencl_driver driver;
long properties[CUDA_DOUBLE_PROPERTIES] = {1, 86, 12040, 2l << 30, 0};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int initialized, retained, live;
static CUresult ended; // what ended the context
static char primary;   // its address is the context's
static _Thread_local void *current;

static struct {
    char call[64];
    int code, after;
} failures[16];
static int failure_count;

CUresult wrong(CUresult code, const char *format, ...) {
    va_list words;
    va_start(words, format);
    fputs("CUDA double: ", stderr);
    vfprintf(stderr, format, words);
    fputc('\n', stderr);
    va_end(words);
    return code;
}

CUresult enter(const char *call, needs needs) {
    pthread_mutex_lock(&lock);
    if ((needs & INITIALIZED) && !initialized) return wrong(NOT_INITIALIZED, "%s before cuInit", call);
    if ((needs & CONTEXT) == CONTEXT) {
        if (!current) return wrong(INVALID_CONTEXT, "%s by a thread without a context", call);
        if (!retained) return wrong(CONTEXT_IS_DESTROYED, "%s in a context that was given back", call);
        if (ended) return ended;
    }
    for (int i = 0; i < failure_count; i++)
        if (!strcmp(failures[i].call, call) && failures[i].after-- == 0) return failures[i].code;
    if (needs == NOT_IN_CAPTURE && thread_is_capturing()) {
        break_capture();
        return wrong(CAPTURE_UNSUPPORTED, "%s by the thread that captures", call);
    }
    return SUCCESS;
}

CUresult leave(const char *call, CUresult result) {
    if (result >= ILLEGAL_ADDRESS && result < CAPTURE_UNSUPPORTED && result != CONTEXT_IS_DESTROYED && !ended) {
        wrong(result, "%s ends the context with %d", call, result);
        ended = result;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

void count_live(int change) { live += change; }

// What tests set up.

void cuda_double_set(cuda_double_property property, long value) {
    pthread_mutex_lock(&lock);
    properties[property] = value;
    pthread_mutex_unlock(&lock);
}

void cuda_double_fail(const char *call, int code, int after) {
    pthread_mutex_lock(&lock);
    if (failure_count < 16) {
        snprintf(failures[failure_count].call, sizeof failures->call, "%s", call);
        failures[failure_count].code = code;
        failures[failure_count++].after = after;
    }
    pthread_mutex_unlock(&lock);
}

int cuda_double_live(void) {
    pthread_mutex_lock(&lock);
    const int count = live;
    pthread_mutex_unlock(&lock);
    return count;
}

// The driver.

CUresult cuInit(unsigned flags) {
    CUresult result = enter("cuInit", NOTHING);
    if (!result && flags) result = INVALID_VALUE;
    if (!result && !properties[CUDA_DOUBLE_DEVICES]) result = NO_DEVICE;
    if (!result && !initialized && !properties[CUDA_DOUBLE_RUNS_PTX]) {
        const char *missing = opencl_open(&driver);
        if (missing) result = wrong(UNKNOWN, "%s", missing);
    }
    if (!result) initialized = 1;
    return leave("cuInit", result);
}

CUresult cuDriverGetVersion(int *version) {
    CUresult result = enter("cuDriverGetVersion", NOTHING);
    if (!result) *version = (int)properties[CUDA_DOUBLE_DRIVER];
    return leave("cuDriverGetVersion", result);
}

CUresult cuGetErrorName(CUresult code, const char **name) {
    static const struct {
        CUresult code;
        const char *name;
    } names[] = {
        {SUCCESS, "CUDA_SUCCESS"},
        {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE"},
        {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"},
        {NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED"},
        {NO_DEVICE, "CUDA_ERROR_NO_DEVICE"},
        {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE"},
        {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT"},
        {NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
        {INVALID_PTX, "CUDA_ERROR_INVALID_PTX"},
        {UNSUPPORTED_PTX_VERSION, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"},
        {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE"},
        {ILLEGAL_STATE, "CUDA_ERROR_ILLEGAL_STATE"},
        {NOT_FOUND, "CUDA_ERROR_NOT_FOUND"},
        {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS"},
        {CONTEXT_IS_DESTROYED, "CUDA_ERROR_CONTEXT_IS_DESTROYED"},
        {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED"},
        {CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
        {CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"},
        {CAPTURE_WRONG_THREAD, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD"},
        {UNKNOWN, "CUDA_ERROR_UNKNOWN"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code) {
            *name = names[i].name;
            return SUCCESS;
        }
    *name = 0;
    return INVALID_VALUE;
}

CUresult cuDeviceGetCount(int *count) {
    CUresult result = enter("cuDeviceGetCount", INITIALIZED);
    if (!result) *count = (int)properties[CUDA_DOUBLE_DEVICES];
    return leave("cuDeviceGetCount", result);
}

CUresult cuDeviceGet(CUdevice *device, int number) {
    CUresult result = enter("cuDeviceGet", INITIALIZED);
    if (!result && (number < 0 || number >= properties[CUDA_DOUBLE_DEVICES])) result = INVALID_DEVICE;
    if (!result) *device = number;
    return leave("cuDeviceGet", result);
}

CUresult cuDeviceGetName(char *name, int room, CUdevice device) {
    CUresult result = enter("cuDeviceGetName", INITIALIZED);
    if (!result && device) result = INVALID_DEVICE;
    if (!result) snprintf(name, (size_t)room, "double of a card");
    return leave("cuDeviceGetName", result);
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
    CUresult result = enter("cuDeviceTotalMem_v2", INITIALIZED);
    if (!result && device) result = INVALID_DEVICE;
    if (!result) *bytes = (size_t)properties[CUDA_DOUBLE_MEMORY_BYTES];
    return leave("cuDeviceTotalMem_v2", result);
}

CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
    const int major = 75, minor = 76;
    CUresult result = enter("cuDeviceGetAttribute", INITIALIZED);
    if (!result && device) result = INVALID_DEVICE;
    if (!result && attribute == major) *value = (int)properties[CUDA_DOUBLE_CAPABILITY] / 10;
    else if (!result && attribute == minor) *value = (int)properties[CUDA_DOUBLE_CAPABILITY] % 10;
    else if (!result) result = wrong(INVALID_VALUE, "an attribute of devices that the double does not know: %d", attribute);
    return leave("cuDeviceGetAttribute", result);
}

// Contexts.

CUresult cuDevicePrimaryCtxRetain(void **context, CUdevice device) {
    CUresult result = enter("cuDevicePrimaryCtxRetain", INITIALIZED);
    if (!result && device) result = INVALID_DEVICE;
    if (!result) {
        if (!retained++) ended = SUCCESS;
        count_live(1);
        *context = &primary;
    }
    return leave("cuDevicePrimaryCtxRetain", result);
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    CUresult result = enter("cuDevicePrimaryCtxRelease_v2", INITIALIZED);
    if (!result && device) result = INVALID_DEVICE;
    if (!result && !retained) result = wrong(INVALID_CONTEXT, "a context is given back too often");
    if (!result) {
        count_live(-1);
        if (!--retained) forget_streams();
    }
    return leave("cuDevicePrimaryCtxRelease_v2", result);
}

CUresult cuCtxSetCurrent(void *context) {
    CUresult result = enter("cuCtxSetCurrent", INITIALIZED);
    if (!result && context && context != &primary) result = INVALID_CONTEXT;
    if (!result && context && !retained) result = CONTEXT_IS_DESTROYED;
    if (!result) current = context;
    return leave("cuCtxSetCurrent", result);
}
