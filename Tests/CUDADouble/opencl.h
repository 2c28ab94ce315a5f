// The little of OpenCL 2.0 that the double runs on, found when it runs: no headers of it are needed to build.
#ifndef OPENCL_H
#define OPENCL_H

#include <stddef.h>
#include <stdint.h>

typedef struct opencl_object *opencl;

typedef struct {
    int32_t (*clGetPlatformIDs)(uint32_t, opencl *, uint32_t *);
    int32_t (*clGetDeviceIDs)(opencl, uint64_t, uint32_t, opencl *, uint32_t *);
    opencl (*clCreateContext)(const intptr_t *, uint32_t, const opencl *, void *, void *, int32_t *);
    opencl (*clCreateCommandQueue)(opencl, opencl, uint64_t, int32_t *);
    void *(*clSVMAlloc)(opencl, uint64_t, size_t, uint32_t);
    void (*clSVMFree)(opencl, void *);
    opencl (*clCreateProgramWithSource)(opencl, uint32_t, const char **, const size_t *, int32_t *);
    int32_t (*clBuildProgram)(opencl, uint32_t, const opencl *, const char *, void *, void *);
    opencl (*clCreateKernel)(opencl, const char *, int32_t *);
    int32_t (*clGetKernelInfo)(opencl, uint32_t, size_t, void *, size_t *);
    int32_t (*clSetKernelArg)(opencl, uint32_t, size_t, const void *);
    int32_t (*clSetKernelArgSVMPointer)(opencl, uint32_t, const void *);
    int32_t (*clEnqueueNDRangeKernel)(opencl, opencl, uint32_t, const size_t *, const size_t *, const size_t *, uint32_t,
                                      const opencl *, opencl *);
    int32_t (*clFinish)(opencl);
    int32_t (*clReleaseKernel)(opencl);
    int32_t (*clReleaseProgram)(opencl);

    opencl device, context, queue;
} opencl_driver;

/// Opens the first processor that an OpenCL driver offers. Returns 0, or what is missing.
const char *opencl_open(opencl_driver *driver);

#endif
