import AudioIO

extension SpeechRequest {
    /// Checks what a person gives, without a model.
    func check(_ configuration: EngineConfiguration) throws(AdmissionError) {
        let bytes = text.utf8.count
        guard bytes <= configuration.textLimitBytes else {
            throw .textTooLong(bytes: bytes, limitBytes: configuration.textLimitBytes)
        }
        guard SpeakableText.isSpeakable(text) else {
            throw .invalid(.text, value: "without a letter or a digit", expected: "at least one word")
        }
        try Self.check(.cfg, cfg, in: 0...100)
        try Self.check(.temperature, temperature, in: 0...10)
        try Self.check(.steps, steps.map(Double.init), in: 1...1000)
        try Self.check(.maxSeconds, maxSeconds, in: 0.01...1e6)
        try Self.check(.speed, speed, in: TimeStretch.speeds)
        try Self.check(.attempts, Double(attempts), in: 1...20)
        try Self.check(.heldBackSeconds, heldBackSeconds, in: 0 ... .infinity)
        for pause in [pauses.clause, pauses.sentence, pauses.paragraph] {
            try Self.check(.pauses, pause, in: 0...SpeechPauses.longest)
        }
        for (parameter, deadline) in [(.queueDeadline, queueDeadline), (.totalDeadline, totalDeadline)]
            as [(AdmissionError.Parameter, Duration?)]
        {
            try Self.check(parameter, deadline?.inSeconds, in: 0...1e9)
        }
    }

    private static func check(
        _ parameter: AdmissionError.Parameter, _ value: Double?, in range: ClosedRange<Double>
    ) throws(AdmissionError) {
        guard let value, !range.contains(value) else { return }
        let upper = range.upperBound == .infinity ? "or more" : "to \(range.upperBound.formattedBriefly)"
        throw .invalid(
            parameter, value: value.formattedBriefly, expected: "\(range.lowerBound.formattedBriefly) \(upper)")
    }
}

extension Double {
    /// Without a fraction where there is none.
    fileprivate var formattedBriefly: String { abs(self) < 1e15 && self == rounded() ? "\(Int(self))" : "\(self)" }
}
