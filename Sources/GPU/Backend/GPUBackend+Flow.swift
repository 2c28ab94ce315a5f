public import Compute

extension GPUBackend {
    public func layOut(_ first: Matrix, before rows: Matrix, size: Int, into out: Matrix) {
        precondition(
            first.rows == 1 && rows.rows % size == 0 && out.rows == rows.rows / size * (size + 1)
                && first.columns == out.columns && rows.columns == out.columns, "groups of other shapes")
        guard out.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            var arguments = try place(first).start
            arguments += try place(rows).all
            arguments += try place(out).all
            try launch(
                .layOut, elements: out.rows * out.columns,
                arguments + [.int(out.rows), .int(size), .int(out.columns)], moving: 2 * out.rows * out.columns)
        }
    }

    public func enter(_ entry: FlowEntry) {
        guard isFusible(entry) else { return enterStepByStep(entry) }
        // Sequences of the same guidance and time start together.
        var first = 0
        while first < entry.sequences.count {
            var end = first + 1
            while end < entry.sequences.count, entry.sequences[end].goesOn(entry.sequences[end - 1]) { end += 1 }
            enter(entry, first..<end)
            first = end
        }
    }

    /// Starts the step for some sequences in one launch.
    private func enter(_ entry: FlowEntry, _ range: Range<Int>) {
        memory.attempt { () throws(DeviceError) in
            let sequences = entry.sequences[range]
            let (own, guidance) = (sequences[range.lowerBound], sequences[range.lowerBound].guidance)
            let packed = try memory.weight(entry.projection)
            let patches = range.lowerBound * entry.patchSize..<range.upperBound * entry.patchSize
            let groups = 2 * range.lowerBound * entry.groupSize..<2 * range.upperBound * entry.groupSize
            var arguments = try place(entry.noisy[rows: patches]).start + place(entry.moved[rows: patches]).start
            if let guidance {
                arguments += try place(guidance.guided).start + [.int(guidance.free.offset - guidance.guided.offset)]
            } else {
                arguments += [.buffer(nil), .int(0), .int(0)]
            }
            arguments += [
                .float(guidance?.cfg ?? 0), .int(guidance?.zeroStar == true ? 1 : 0), .float(guidance?.delta ?? 0),
                .buffer(packed.panels), .int(packed.panelByteCount), .buffer(packed.bias),
            ]
            arguments += try place(entry.condition[rows: patches]).start
            arguments += try place(own.first).start + place(own.time).start
            arguments += try place(entry.hidden[rows: groups]).start
            arguments += [.int(entry.patchSize), .int(entry.noisy.columns), .int(entry.hidden.columns)]
            let values = entry.patchSize * entry.noisy.columns * (guidance == nil ? 1 : 3)
            try launch(
                .enterFlow(packed.format), entry.projection.panelCount, range.count, arguments,
                moving: .launch(
                    floats: range.count
                        * (values + (3 * entry.groupSize + entry.patchSize) * entry.hidden.columns),
                    weightBytes: packed.panelByteCount * entry.projection.panelCount, readings: range.count))
        }
    }

    /// Whether the kernel's layout is that of the entry, as it is of all that `FlowMatching` makes.
    private func isFusible(_ entry: FlowEntry) -> Bool {
        let contiguous = [entry.noisy, entry.moved, entry.condition, entry.hidden]
        return entry.patchSize * entry.noisy.columns <= Self.mostPatchValues
            && contiguous.allSatisfy { $0.rowStride == $0.columns }
            && entry.sequences.allSatisfy { sequence in
                guard let guidance = sequence.guidance else { return true }
                return guidance.guided.storage === guidance.free.storage
                    && guidance.guided.offset < guidance.free.offset
                    && guidance.guided.rowStride == guidance.guided.columns
                    && entry.noisy.storage !== entry.moved.storage
            }
    }

    /// `MOST_PATCH_VALUES` of `Kernels/flow.cl`.
    private static let mostPatchValues = 2048
}

extension FlowEntry.Sequence {
    /// Whether a launch that starts `before` can start this one, too.
    fileprivate func goesOn(_ before: FlowEntry.Sequence) -> Bool {
        guard time.storage === before.time.storage, time.offset == before.time.offset,
            first.storage === before.first.storage, first.offset == before.first.offset + first.columns
        else { return false }
        switch (guidance, before.guidance) {
        case (nil, nil): return true
        case (let own?, let other?):
            return own.cfg == other.cfg && own.zeroStar == other.zeroStar && own.delta == other.delta
                && own.guided.storage === other.guided.storage
                && own.guided.offset - other.guided.offset == 2 * (other.free.offset - other.guided.offset)
        default: return false
        }
    }
}
