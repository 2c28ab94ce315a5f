import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// Runs a test only where a device is.
    static var needsDevice: Self { .enabled(if: TestDevices.areThere, "no OpenCL device; install pocl-opencl-icd") }

    /// Runs a test only where the double of NVIDIA's driver can work.
    static var needsDouble: Self { .enabled(if: CUDADouble.isThere, "no OpenCL device; install pocl-opencl-icd") }
}
