extension LinearWeight {
    /// The name of the panels' layout, the same for every instruction set. Panels that were kept in a file are used only
    /// under the name they were packed for: whoever changes a packing changes the name.
    public static let layout = "panels-32/2"

    /// What decides how large packed panels are and how they are read.
    public struct Form: Sendable, Hashable {
        /// Columns of the result, a gated layer's padding included.
        public let outputs: Int
        public let inputs: Int
        public let precision: Precision
        /// Whether panels hold 16 gate and 16 up outputs.
        public let isGated: Bool

        /// The form of plain panels.
        public init(outputs: Int, inputs: Int, precision: Precision) {
            self.init(outputs: outputs, inputs: inputs, precision: precision, isGated: false)
        }

        /// The form of a gated layer whose gate and up matrices have `outputs` rows each.
        public init(gatedOutputs outputs: Int, inputs: Int, precision: Precision) {
            // An odd half panel is filled with zero columns so that gate and up stay side by side.
            let half = LinearWeight.panelWidth / 2
            self.init(
                outputs: 2 * ((outputs + half - 1) / half * half), inputs: inputs, precision: precision, isGated: true)
        }

        /// Any form, as a file says it.
        public init(outputs: Int, inputs: Int, precision: Precision, isGated: Bool) {
            self.outputs = outputs
            self.inputs = inputs
            self.precision = precision
            self.isGated = isGated
        }

        /// Panels of 32 outputs.
        var panelCount: Int { (outputs + LinearWeight.panelWidth - 1) / LinearWeight.panelWidth }

        /// Bytes of one panel.
        var panelByteCount: Int {
            switch precision {
            case .f32: LinearWeight.panelWidth * inputs * 4
            case .bf16: LinearWeight.panelWidth * inputs * 2
            // Groups of four inputs; for every output a scale, and a sum for each block of inputs.
            case .int8: LinearWeight.panelWidth * ((inputs + 3) / 4 * 4 + 4 * (1 + QuantizedRows.blocks(inputs)))
            }
        }

        /// Bytes of all panels.
        public var byteCount: Int { panelCount * panelByteCount }
    }
}
