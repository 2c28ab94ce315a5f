import GPU
import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// Runs a test only where a device is.
    static var needsDevice: Self { .enabled(if: TestDevices.areThere, "no OpenCL device; install pocl-opencl-icd") }

    /// Runs a test only where the double of NVIDIA's driver can work.
    static var needsDouble: Self { .enabled(if: CUDADouble.isThere, "no OpenCL device; install pocl-opencl-icd") }
}

extension Device {
    /// Copies an array into a buffer of its own.
    func upload<Element: BitwiseCopyable>(_ values: [Element]) throws(DeviceError) -> any DeviceBuffer {
        let buffer = try allocate(byteCount: values.count * MemoryLayout<Element>.stride)
        try values.withUnsafeBufferPointer { values throws(DeviceError) in
            try write(UnsafeRawBufferPointer(values), to: buffer, at: 0)
        }
        return buffer
    }
}
