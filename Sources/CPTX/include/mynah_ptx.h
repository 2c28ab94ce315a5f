/// The kernels of `Sources/GPU/Kernels` as one PTX module for NVIDIA's driver, part of the program.
///
/// `kernels.ptx` is made by `scripts/ptx.sh`; `tools/ptx-check/run.sh` checks that it is what the script makes.
#ifndef MYNAH_PTX_H
#define MYNAH_PTX_H

/// The module's text, which a zero ends.
const char *mynah_ptx(void);

#endif
