import AudioIO
import SpeechEngine

/// Speaks one call of the original page's `/generate`.
struct GradioSpeech: Sendable {
    /// A call that the engine has taken.
    struct Accepted: Sendable {
        let ticket: SpeechTicket
        /// Counts against the limits of the key as long as the call goes on.
        let pass: KeyMeter.Pass?
        /// Keeps it for the history.
        let recorder: HistoryRecorder?
    }

    let door: SpeechDoor
    let shelf: GradioShelf
    let event: String
    let box: GradioBox
    /// Where files are, as the client calls the server.
    let address: String

    /// Hands a call without a recording to the engine.
    ///
    /// - Throws: `APIError`.
    func submit(_ request: SpeechRequest) async throws(APIError) -> Accepted {
        let pass = try door.count(request.text)
        let ticket = try await door.submit(request)
        return Accepted(
            ticket: ticket, pass: pass, recorder: door.recorder(of: ticket, request, voice: ChosenVoice()))
    }

    /// Speaks.
    ///
    /// - Parameter accepted: Nil where the voice is to be made first.
    /// - Returns: The last message of the call.
    func run(_ inputs: GradioInputs, _ accepted: Accepted?) async -> GradioMessage {
        for note in inputs.notes { box.post(.note(event: event, note)) }
        do {
            var request = inputs.request
            if let prompt = inputs.prompt { request.voice = .prompt(try await voice(prompt.file, prompt.text)) }
            let call: Accepted
            if let accepted { call = accepted } else { call = try await submit(request) }
            defer { withExtendedLifetime(call.pass) {} }
            return .completed(event: event, file: try await speech(call))
        } catch let error as APIError {
            return .failed(event: event, message: error.message)
        } catch {
            return .failed(event: event, message: APIError.internalFault.message)
        }
    }

    private func voice(_ file: String, _ transcript: String) async throws -> VoicePrompt {
        guard case .recording(let audio)? = shelf.file(file, of: door.caller.name)?.content else {
            throw APIError.bad(
                "prompt_wav_path_input",
                "The prompt audio is not here (any more): upload it again. Paths and addresses are never opened.")
        }
        guard audio.sampleRateHz == door.source.loaded?.sampleRateHz else {
            throw APIError.bad("prompt_wav_path_input", "The model has changed: upload the prompt audio again.")
        }
        do throws(AdmissionError) {
            return try await door.source.voice(recording: audio.samples, transcript: transcript)
        } catch {
            throw APIError(error)
        }
    }

    private func speech(_ call: Accepted) async throws -> GradioFile.Description {
        let ticket = call.ticket
        let audio = EncodedAudio()
        let writer = try AudioWriter(
            to: .memory(audio), format: .wav, sampleRateHz: ticket.sampleRateHz, encodedRateHz: nil)
        var hasSound = false
        for await happening in ticket.events {
            await call.recorder?.hear(happening)
            switch happening {
            case .queued(let position, let eta):
                box.post(.estimation(event: event, rank: position, etaSeconds: eta.inSeconds))
            case .started: box.post(.starts(event: event))
            case .audio(let samples, _):
                hasSound = true
                try writer.append(samples)
            case .progress(let progress):
                box.post(.progress(event: event, seconds: progress.seconds, ofSeconds: progress.expectedSeconds))
            case .finished(let outcome): if let error = APIError(outcome.end) { throw error }
            case .mark: continue
            }
        }
        guard hasSound else { throw APIError.noAudio }
        _ = try writer.finish()
        let bytes = audio.bytes
        let id = shelf.keep(GradioFile(owner: door.caller.name, content: .speech(bytes)))
        return GradioFile.Description(path: id, url: "\(address)/gradio_api/file=\(id)", size: bytes.count)
    }
}
