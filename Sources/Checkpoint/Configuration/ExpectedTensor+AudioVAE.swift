extension ExpectedTensor {
    /// The tensors of `audiovae.safetensors` or `audiovae.pth`, in the order of the reference's modules.
    ///
    /// Every convolution is a weight-norm pair: `weight_v` in the shape of the kernel, `weight_g` with one gain for each
    /// slice along the first dimension (output channels; for transposed convolutions input channels).
    public static func audioVAE(for vae: AudioVAEConfiguration) -> [ExpectedTensor] { encoder(vae) + decoder(vae) }

    private static func encoder(_ vae: AudioVAEConfiguration) -> [ExpectedTensor] {
        var channels = vae.encoderChannels
        var result = convolution("encoder.block.0", [channels, 1, 7])
        for (index, stride) in vae.encoderRates.enumerated() {
            let name = "encoder.block.\(index + 1).block"
            for unit in 0..<3 {
                result += residualUnit("\(name).\(unit)", channels, vae.depthwise)
            }
            result.append(snake("\(name).3", channels))
            result += convolution("\(name).4", [channels * 2, channels, stride * 2])
            channels *= 2
        }
        return result + convolution("encoder.fc_mu", [vae.latentSize, channels, 3])
            + convolution("encoder.fc_logvar", [vae.latentSize, channels, 3])
    }

    private static func decoder(_ vae: AudioVAEConfiguration) -> [ExpectedTensor] {
        var result: [ExpectedTensor]
        var layer: Int
        if vae.depthwise {
            result =
                convolution("decoder.model.0", [vae.latentSize, 1, 7])
                + convolution("decoder.model.1", [vae.decoderChannels, vae.latentSize, 1])
            layer = 2
        } else {
            result = convolution("decoder.model.0", [vae.decoderChannels, vae.latentSize, 7])
            layer = 1
        }
        for (index, stride) in vae.decoderRates.enumerated() {
            let input = vae.decoderChannels >> index
            let output = vae.decoderChannels >> (index + 1)
            let name = "decoder.model.\(layer).block"
            result.append(snake("\(name).0", input))
            result += convolution("\(name).1", [input, output, stride * 2], biasSize: output)
            for unit in 2..<5 {
                result += residualUnit("\(name).\(unit)", output, vae.depthwise)
            }
            layer += 1
        }
        let last = vae.decoderChannels >> vae.decoderRates.count
        return result + [snake("decoder.model.\(layer)", last)]
            + convolution("decoder.model.\(layer + 1)", [1, last, 7])
    }

    private static func residualUnit(_ name: String, _ channels: Int, _ depthwise: Bool) -> [ExpectedTensor] {
        [snake("\(name).block.0", channels)]
            + convolution("\(name).block.1", [channels, depthwise ? 1 : channels, 7])
            + [snake("\(name).block.2", channels)]
            + convolution("\(name).block.3", [channels, channels, 1])
    }

    private static func snake(_ name: String, _ channels: Int) -> ExpectedTensor {
        ExpectedTensor("\(name).alpha", [1, channels, 1], .scale)
    }

    private static func convolution(_ name: String, _ shape: [Int], biasSize: Int? = nil) -> [ExpectedTensor] {
        [
            ExpectedTensor("\(name).bias", [biasSize ?? shape[0]], .scale),
            ExpectedTensor("\(name).weight_g", [shape[0], 1, 1], .scale),
            ExpectedTensor("\(name).weight_v", shape),
        ]
    }
}
