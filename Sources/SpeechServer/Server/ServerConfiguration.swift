public import SpeechStore

/// Where and how the server listens.
public struct ServerConfiguration: Sendable {
    /// What one client may demand.
    public struct Limits: Sendable {
        /// Bytes of a body.
        public var bodyBytes = 2 << 20
        /// Bytes of a recording that is sent.
        public var recordingBytes = 20 << 20
        /// Bytes of a text or SRT file that is sent.
        public var textFileBytes = 4 << 20
        /// How long a request counts against the limits of its key; other times are for tests.
        var meterTime: Duration = .seconds(60)
        /// Bytes of what stands in a form besides its file.
        static let formBytes = 64 << 10
        /// Bytes of a form with a recording.
        var recordingFormBytes: Int { recordingBytes + Self.formBytes }
        /// How long a body may take to arrive.
        public var bodyTime: Duration = .seconds(30)
        /// Characters of a text.
        public var textCharacters = 100_000
        /// How long a connection may be idle.
        public var idleTime: Duration = .seconds(120)
        /// How long one piece of an answer may take to be read.
        public var writeTime: Duration = .seconds(60)
        /// How often a client that waits for events hears that it still does.
        public var heartbeatTime: Duration = .seconds(15)
        /// Bytes of a message that a client sends over a stream.
        public var messageBytes = 1 << 20
        /// Streams that may be open at once.
        public var streams = 256
        /// How long a stream may be open without anything to speak.
        public var streamIdleTime: Duration = .seconds(600)
        /// How long a stream's sentence waits for its turn; a model on its way may take longer to come.
        public var turnTime: Duration = .seconds(600)
        /// How long a stream waits for a key that did not come with its request.
        public var keyTime: Duration = .seconds(10)
        /// How often a stream's client is asked for a sign of life; after three times as long without any it is gone.
        public var pingTime: Duration = .seconds(20)

        public init() {}
    }

    public var host = "127.0.0.1"
    /// 0 for any that is free.
    public var port = 6006
    /// Keys that open the server, besides those of the store; nil where nobody needs a key.
    public var keys: GivenKeys?
    /// Names besides IP addresses and `localhost` that clients may call the server by.
    public var hostNames: Set<String> = []
    /// Origins of pages that may use the server besides its own, such as `https://example.org`.
    public var origins: Set<String> = []
    /// The certificate that connections are encrypted with; nil for plain HTTP.
    public var tls: TLSIdentity?
    public var limits = Limits()
    /// Settings of an earlier server that do not count.
    public var overruled: Overrules = []
    /// How long requests may go on after the server was asked to stop.
    public var drainTime: Duration = .seconds(30)

    public init() {}

    /// Whether only programs of this machine reach the address.
    public static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.") && HostRule.isAddress(host)
    }
}
