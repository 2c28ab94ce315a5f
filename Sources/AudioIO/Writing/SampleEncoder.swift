import Glibc

/// Turns samples into bytes on a sink.
protocol SampleEncoder: AnyObject {
    /// Encodes samples of -1 ... 1.
    func append(_ samples: UnsafeBufferPointer<Float>) throws(AudioWriteError)
    /// Writes what is left and true sizes. The sink stays open.
    func finish() throws(AudioWriteError)
    /// Stops without writing more.
    func abandon()
}

/// Uncompressed samples, with a wave header or bare.
final class PlainEncoder: SampleEncoder {
    private let sink: any ByteSink
    private let sampleType: SampleType
    private let rateHz: Int
    private let hasHeader: Bool
    private let label: AudioLabel?
    private var dataBytes = 0
    private var scratch: [UInt8] = []

    init(sink: any ByteSink, rateHz: Int, hasHeader: Bool, options: EncodingOptions) throws(AudioWriteError) {
        self.sink = sink
        sampleType = options.sampleType
        label = options.label
        self.rateHz = rateHz
        self.hasHeader = hasHeader
        if hasHeader { try sink.write(header(dataBytes: nil)) }
    }

    func append(_ samples: UnsafeBufferPointer<Float>) throws(AudioWriteError) {
        scratch.removeAll(keepingCapacity: true)
        scratch.reserveCapacity(samples.count * sampleType.width)
        for sample in samples { store(sample) }
        try sink.write(scratch)
        dataBytes += scratch.count
    }

    func finish() throws(AudioWriteError) {
        guard hasHeader else { return }
        // Chunks have even lengths.
        if dataBytes % 2 != 0 { try sink.write([0]) }
        if sink.canPatch { try sink.patch(header(dataBytes: dataBytes), at: 0) }
    }

    func abandon() {}

    private func header(dataBytes: Int?) -> [UInt8] {
        WavHeader(sampleType: sampleType, rateHz: rateHz, dataBytes: dataBytes, label: label).bytes
    }

    private func store(_ sample: Float) {
        switch sampleType {
        case .int16:
            let value = UInt16(bitPattern: Int16(clamping: lrintf(sample * 32_767)))
            scratch.append(UInt8(truncatingIfNeeded: value))
            scratch.append(UInt8(truncatingIfNeeded: value >> 8))
        case .int24:
            let value = UInt32(bitPattern: Int32(max(-0x80_0000, min(0x7F_FFFF, lrintf(sample * 8_388_607)))))
            for shift in [0, 8, 16] { scratch.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
        case .float32:
            let value = sample.bitPattern
            for shift in [0, 8, 16, 24] { scratch.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
        }
    }
}
