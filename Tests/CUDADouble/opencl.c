#include "opencl.h"

#include <dlfcn.h>

const char *opencl_open(opencl_driver *driver) {
    void *library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) return "there is no libOpenCL.so.1";
#define FIND(name)                                                                                                        \
    if (!(*(void **)&driver->name = dlsym(library, #name))) return "libOpenCL.so.1 has no " #name
    FIND(clGetPlatformIDs);
    FIND(clGetDeviceIDs);
    FIND(clCreateContext);
    FIND(clCreateCommandQueue);
    FIND(clSVMAlloc);
    FIND(clSVMFree);
    FIND(clCreateProgramWithSource);
    FIND(clBuildProgram);
    FIND(clCreateKernel);
    FIND(clGetKernelInfo);
    FIND(clSetKernelArg);
    FIND(clSetKernelArgSVMPointer);
    FIND(clEnqueueNDRangeKernel);
    FIND(clFinish);
    FIND(clReleaseKernel);
    FIND(clReleaseProgram);
#undef FIND
    opencl platforms[8];
    uint32_t count = 0;
    if (driver->clGetPlatformIDs(8, platforms, &count)) return "OpenCL has no drivers";
    const uint64_t processor = 2;
    for (uint32_t i = 0; i < count && i < 8 && !driver->device; i++)
        if (driver->clGetDeviceIDs(platforms[i], processor, 1, &driver->device, 0)) driver->device = 0;
    if (!driver->device) return "no OpenCL driver offers the processor";
    int32_t status = 0;
    driver->context = driver->clCreateContext(0, 1, &driver->device, 0, 0, &status);
    if (status) return "OpenCL makes no context";
    driver->queue = driver->clCreateCommandQueue(driver->context, driver->device, 0, &status);
    return status ? "OpenCL makes no queue" : 0;
}
