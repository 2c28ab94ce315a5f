// Modules: signatures and limits from PTX, what kernels do from the OpenCL programs; and launches.
#include "double.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PROGRAMS 32

static char *sources[MOST_PROGRAMS];
static opencl programs[MOST_PROGRAMS];
static int program_count;
static long launches, graph_launches;
/// Kernels that were asked for and have not run yet.
static char unused[256][96];
static int unused_count;

struct module {
    ptx_module ptx;
    function *functions; ///< one for each entry, made when asked for
};

void cuda_double_add_program(const char *source) {
    if (program_count < MOST_PROGRAMS) sources[program_count++] = strdup(source);
}

long cuda_double_launches(void) { return launches; }
long cuda_double_graph_launches(void) { return graph_launches; }
const char *cuda_double_unused(void) { return unused_count ? unused[0] : 0; }

static void read_programs(void) {
    const char *folder = getenv("CUDA_DOUBLE_PROGRAMS");
    DIR *entries = folder && !program_count ? opendir(folder) : 0;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        char path[4096];
        const size_t length = strlen(entry->d_name);
        if (length < 3 || strcmp(entry->d_name + length - 3, ".cl")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "r");
        char *text = file ? calloc(1, 1 << 20) : 0;
        if (text && fread(text, 1, (1 << 20) - 1, file)) cuda_double_add_program(text);
        free(text);
        if (file) fclose(file);
    }
    if (entries) closedir(entries);
}

/// Finds a kernel in the programs, which are built as they are looked at.
static opencl find_kernel(const char *name) {
    read_programs();
    for (int i = 0; i < program_count; i++) {
        int32_t status = 0;
        const char *source = sources[i];
        if (!programs[i]) {
            programs[i] = driver.clCreateProgramWithSource(driver.context, 1, &source, 0, &status);
            if (status || driver.clBuildProgram(programs[i], 1, &driver.device, "-cl-std=CL1.2 -cl-mad-enable", 0, 0))
                wrong(0, "a program does not compile");
        }
        opencl kernel = driver.clCreateKernel(programs[i], name, &status);
        if (!status) return kernel;
    }
    return 0;
}

CUresult cuModuleLoadDataEx(module **made, const char *text, unsigned count, const int *options, void **values) {
    const int error_log = 5, error_log_bytes = 6;
    *made = 0;
    CUresult result = enter("cuModuleLoadDataEx", NOT_IN_CAPTURE);
    const char *words = 0;
    if (!result && !(*made = calloc(1, sizeof **made))) result = OUT_OF_MEMORY;
    if (!result && (words = ptx_read(&(*made)->ptx, text))) result = INVALID_PTX;
    if (!result && (*made)->ptx.target > properties[CUDA_DOUBLE_CAPABILITY]) result = NO_BINARY_FOR_GPU;
    const long language = properties[CUDA_DOUBLE_DRIVER] >= 12000 ? 80 : 70 + properties[CUDA_DOUBLE_DRIVER] % 1000 / 10;
    if (!result && (*made)->ptx.version > language) {
        words = "fatal : Unsupported .version";
        result = UNSUPPORTED_PTX_VERSION;
    }
    if (!result) (*made)->functions = calloc((size_t)(*made)->ptx.entry_count, sizeof *(*made)->functions);
    char *log = 0;
    size_t room = 0;
    for (unsigned i = 0; i < count; i++) {
        if (options[i] == error_log) log = values[i];
        else if (options[i] == error_log_bytes) room = (size_t)values[i];
        else wrong(0, "an option of the compiler that the double does not know: %d", options[i]);
    }
    if (result && words && log && room) snprintf(log, room, "ptxas application ptx input, line 1; %s", words);
    if (result && *made) {
        ptx_free(&(*made)->ptx);
        free(*made);
        *made = 0;
    }
    if (!result) count_live(1);
    return leave("cuModuleLoadDataEx", result);
}

CUresult cuModuleUnload(module *gone) {
    CUresult result = enter("cuModuleUnload", NOT_IN_CAPTURE);
    if (!result) result = flush();
    if (!result) {
        for (int i = 0; i < gone->ptx.entry_count; i++) {
            if (gone->functions[i].kernel) driver.clReleaseKernel(gone->functions[i].kernel);
            code_free(&gone->functions[i].code);
        }
        free(gone->functions);
        ptx_free(&gone->ptx);
        free(gone);
        count_live(-1);
    }
    return leave("cuModuleUnload", result);
}

/// Finds what a kernel does.
static CUresult make(function *made, module *in, const ptx_entry *entry) {
    *made = (function){.home = in, .entry = entry};
    if (properties[CUDA_DOUBLE_RUNS_PTX]) {
        const char *words = code_read(&made->code, entry->body, entry->end);
        return words ? wrong(INVALID_PTX, "%s: %s", entry->name, words) : SUCCESS;
    }
    const uint32_t argument_count = 0x1191;
    uint32_t parameters = 0;
    made->kernel = find_kernel(entry->name);
    if (!made->kernel) return wrong(NOT_FOUND, "no program has %s", entry->name);
    if (driver.clGetKernelInfo(made->kernel, argument_count, sizeof parameters, &parameters, 0) ||
        (int)parameters != entry->parameters)
        return wrong(NOT_FOUND, "%s takes %d arguments in PTX and %u in OpenCL", entry->name, entry->parameters, parameters);
    return SUCCESS;
}

CUresult cuModuleGetFunction(function **found, module *in, const char *name) {
    *found = 0;
    CUresult result = enter("cuModuleGetFunction", NOT_IN_CAPTURE);
    int at = 0;
    if (!result) {
        while (at < in->ptx.entry_count && strcmp(in->ptx.entries[at].name, name)) at++;
        if (at == in->ptx.entry_count) result = NOT_FOUND;
    }
    function *made = result ? 0 : &in->functions[at];
    const int is_new = made && !made->entry;
    if (is_new) result = make(made, in, &in->ptx.entries[at]);
    if (result && made) *made = (function){0};
    else if (is_new && unused_count < 256) memcpy(unused[unused_count++], made->entry->name, sizeof *unused);
    if (!result) *found = made;
    return leave("cuModuleGetFunction", result);
}

CUresult cuFuncGetAttribute(int *value, int attribute, const function *of) {
    const int most_threads = 0, shared_bytes = 1;
    CUresult result = enter("cuFuncGetAttribute", NOT_IN_CAPTURE);
    if (!result && attribute == most_threads) *value = 1024;
    else if (!result && attribute == shared_bytes) *value = of->entry->shared_bytes;
    else if (!result) result = wrong(INVALID_VALUE, "an attribute of functions that the double does not know: %d", attribute);
    return leave("cuFuncGetAttribute", result);
}

CUresult cuLaunchKernel(function *run, unsigned gx, unsigned gy, unsigned gz, unsigned tx, unsigned ty, unsigned tz,
                        unsigned dynamic_bytes, stream *in, void **arguments, void **extra) {
    CUresult result = enter("cuLaunchKernel", CONTEXT);
    const char *name = run->entry->name;
    if (!result && (!gx || !gy || !gz || gx > 0x7fffffff || gy > 0xffff || gz > 0xffff))
        result = wrong(INVALID_VALUE, "%s in %u x %u x %u groups", name, gx, gy, gz);
    if (!result && (!tx || !ty || !tz || tz > 64 || (uint64_t)tx * ty * tz > 1024))
        result = wrong(INVALID_VALUE, "%s in groups of %u x %u x %u threads", name, tx, ty, tz);
    if (!result && (dynamic_bytes || extra)) result = wrong(INVALID_VALUE, "%s with what the double does not know", name);
    work item = {.kind = LAUNCH, .run = run, .groups = {gx, gy, gz}, .threads = {tx, ty, tz}};
    // The values are taken here, as the driver does. A null pointer behind them is a custom of Mynah's.
    for (int i = 0; i < run->entry->parameters && !result; i++) {
        if (arguments[i]) memcpy(&item.arguments[i], arguments[i], run->entry->bytes[i]);
        else result = wrong(INVALID_VALUE, "%s with %d arguments instead of %d", name, i, run->entry->parameters);
    }
    if (!result && arguments[run->entry->parameters])
        result = wrong(INVALID_VALUE, "%s with more than %d arguments", name, run->entry->parameters);
    if (!result) result = enqueue(in, &item);
    return leave("cuLaunchKernel", result);
}

CUresult finish(void) {
    if (properties[CUDA_DOUBLE_RUNS_PTX]) return SUCCESS;
    return driver.clFinish(driver.queue) ? LAUNCH_FAILED : SUCCESS;
}

CUresult run_launch(const work *item) {
    function *run = item->run;
    for (int i = 0; !run->has_run && i < unused_count; i++)
        if (!strcmp(unused[i], run->entry->name)) memcpy(unused[i--], unused[--unused_count], sizeof *unused);
    run->has_run = 1;
    if (properties[CUDA_DOUBLE_RUNS_PTX]) {
        int status = SUCCESS;
        const char *words = code_run(&run->code, item->arguments, item->groups, item->threads, is_allocated, &status);
        launches++;
        graph_launches += item->of_graph;
        return words ? wrong(status, "%s: %s", run->entry->name, words) : SUCCESS;
    }
    for (int i = 0; i < run->entry->parameters; i++) {
        const uint64_t value = item->arguments[i];
        int32_t status = 0;
        if (run->entry->bytes[i] == 4) {
            status = driver.clSetKernelArg(run->kernel, (uint32_t)i, 4, &value);
        } else if (!value) {
            status = driver.clSetKernelArg(run->kernel, (uint32_t)i, sizeof(void *), 0);
        } else if (!is_allocated(value, 1)) {
            return wrong(ILLEGAL_ADDRESS, "argument %d of %s is no memory of the device", i, run->entry->name);
        } else {
            status = driver.clSetKernelArgSVMPointer(run->kernel, (uint32_t)i, (const void *)value);
        }
        if (status) return wrong(LAUNCH_FAILED, "argument %d of %s: %d", i, run->entry->name, status);
    }
    size_t threads[3], all[3];
    for (int i = 0; i < 3; i++) {
        threads[i] = item->threads[i];
        all[i] = threads[i] * item->groups[i];
    }
    const int32_t status =
        driver.clEnqueueNDRangeKernel(driver.queue, run->kernel, 3, 0, all, threads, 0, 0, 0);
    if (status) return wrong(LAUNCH_FAILED, "%s: %d", run->entry->name, status);
    launches++;
    graph_launches += item->of_graph;
    return SUCCESS;
}
