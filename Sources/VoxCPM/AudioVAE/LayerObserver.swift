public import Compute

/// Sees what the layers of the autoencoder give, chunk by chunk, under the names of the reference's fixtures.
///
/// - Parameters:
///   - name: `vae.encoder_block<i>` or `vae.decoder_layer<i>`.
///   - rows: `[time, channels]`, valid during the call.
public typealias LayerObserver = (_ name: String, _ rows: Matrix) -> Void
