/// A double of NVIDIA's driver (libcuda.so.1), for tests on machines without a card: the calls that `Sources/GPU/CUDA`
/// makes, carried out on the processor by an OpenCL driver that shares the host's memory (PoCL).
///
/// It takes the signatures and limits of kernels from the PTX that it is given, and what they do from the OpenCL programs
/// that the PTX was made of; or, much slower, it executes the PTX itself, instruction by instruction, looking at every
/// access: within what was laid out, and aligned. Everything in the stream happens as late as a driver may do it: when somebody waits. Wrong
/// use gets the error that the driver documents, and a line on standard error.
///
/// It is our own idea of the driver. What it cannot show: whether the driver's compiler takes the PTX (NVIDIA's assembler
/// does, see `tools/ptx-check`), threads of a group that run at the same time (Oclgrind looks for races), how a tensor core
/// rounds, time, and whatever the documentation does not say. Without its own execution of PTX it also cannot show what the
/// parts of the source do that are for NVIDIA only (`NV_PTX`).
///
/// A copy of the library's file, opened by its own name, is a driver of its own, with a state of its own. The calls of
/// this header set it up; those of CUDA are found by their names, as in the real one.
#ifndef CUDA_DOUBLE_H
#define CUDA_DOUBLE_H

/// Gives it a program: the source that an OpenCL device gets. Where none was given, the `.cl` files of the folder
/// `CUDA_DOUBLE_PROGRAMS` are read.
void cuda_double_add_program(const char *source);

/// What the one device and its driver say of themselves.
typedef enum {
    CUDA_DOUBLE_DEVICES,      ///< how many there are, 0 or 1; 1 unless set
    CUDA_DOUBLE_CAPABILITY,   ///< ten times the compute capability; 86 unless set
    CUDA_DOUBLE_DRIVER,       ///< as cuDriverGetVersion has it; 12040 unless set
    CUDA_DOUBLE_MEMORY_BYTES, ///< 2 GiB unless set
    CUDA_DOUBLE_RUNS_PTX,     ///< whether it executes the PTX, and needs no OpenCL; to be set before cuInit
    CUDA_DOUBLE_PROPERTIES
} cuda_double_property;
void cuda_double_set(cuda_double_property property, long value);

/// Makes a call fail.
///
/// @param call as the driver's library has it, such as `cuMemAlloc_v2`
/// @param code what it returns; from a code that ends a context on (such as 719) every later call returns the same
/// @param after calls that go well before that
void cuda_double_fail(const char *call, int code, int after);

/// Things that were made and not given back: contexts, streams, modules, allocations of both kinds, graphs.
int cuda_double_live(void);

/// Kernels that ran so far, and of those the ones that a graph started.
long cuda_double_launches(void);
long cuda_double_graph_launches(void);

/// A kernel that was asked for and has not run; 0 where there is none.
const char *cuda_double_unused(void);

#endif
