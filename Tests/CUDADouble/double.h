// What the files of the double share. Every call of the driver begins with `enter`, which takes the lock, and ends with
// `leave`, which gives it back.
#ifndef DOUBLE_H
#define DOUBLE_H

#include "cuda_double.h"
#include "opencl.h"
#include "ptx.h"

#include <stdint.h>

typedef int CUresult;
typedef int CUdevice;
typedef uint64_t CUdeviceptr;

enum {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    NOT_INITIALIZED = 3,
    NO_DEVICE = 100,
    INVALID_DEVICE = 101,
    INVALID_CONTEXT = 201,
    NO_BINARY_FOR_GPU = 209,
    INVALID_PTX = 218,
    UNSUPPORTED_PTX_VERSION = 222,
    INVALID_HANDLE = 400,
    ILLEGAL_STATE = 401,
    NOT_FOUND = 500,
    ILLEGAL_ADDRESS = 700,
    CONTEXT_IS_DESTROYED = 709,
    LAUNCH_FAILED = 719,
    CAPTURE_UNSUPPORTED = 900,
    CAPTURE_INVALIDATED = 901,
    CAPTURE_WRONG_THREAD = 908,
    UNKNOWN = 999,
};

typedef struct module module;
typedef struct {
    module *home;
    const ptx_entry *entry;
    opencl kernel; ///< where OpenCL executes it
    ptx_code code; ///< where the double does
    int has_run;
} function;

typedef struct {
    enum { LAUNCH, TO_DEVICE, TO_HOST } kind;
    // a launch
    function *run;
    uint32_t groups[3], threads[3];
    uint64_t arguments[MOST_PARAMETERS];
    int of_graph;
    // a copy
    void *host;
    CUdeviceptr device;
    size_t bytes;
} work;

/// A list of work: what is in the stream, what is being captured, what a graph holds.
typedef struct {
    work *items;
    int count, room;
} works;

typedef struct stream stream;

extern opencl_driver driver;
extern long properties[CUDA_DOUBLE_PROPERTIES];

/// What a call needs before it may begin.
typedef enum { NOTHING = 0, INITIALIZED = 1, CONTEXT = 3, NOT_IN_CAPTURE = 7 } needs;
/// Takes the lock. Whatever it returns, `leave` must be called with the result of the call.
CUresult enter(const char *call, needs needs);
CUresult leave(const char *call, CUresult result);
/// Says on standard error what was wrong about a call, and returns the code.
CUresult wrong(CUresult code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// Counts what was made, and with -1 what was given back.
void count_live(int change);

// stream.c
/// The capture of the stream in which the calling thread may do nothing unsafe; it is broken by that.
int thread_is_capturing(void);
void break_capture(void);
/// Adds to the stream, or to what it captures.
CUresult enqueue(stream *stream, const work *item);
/// Does everything that is in the stream.
CUresult flush(void);
CUresult append(works *list, const work *item);
void forget_streams(void);

// memory.c
int is_allocated(CUdeviceptr address, uint64_t bytes);

// module.c
/// Waits for what OpenCL executes.
CUresult finish(void);
CUresult run_launch(const work *item);

#endif
