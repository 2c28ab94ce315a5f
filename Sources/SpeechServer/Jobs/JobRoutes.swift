import HTTPTypes
import Hummingbird
import SpeechEngine
import SpeechStore

/// Jobs: to queue, look at, cancel and listen to.
struct JobRoutes: Sendable {
    let source: any SpeechSource

    var routes: [Route] {
        [
            Route(.get, "/api/v1/jobs", list),
            Route(.post, "/api/v1/jobs", add),
            Route(.get, "/api/v1/jobs/{job}") { exchange in
                let job = try await Self.job(exchange)
                return Answers.json(JobReport(job, parts: try await exchange.store.parts(of: job.id)))
            },
            Route(.delete, "/api/v1/jobs/{job}", end),
            Route(.get, "/api/v1/jobs/{job}/events", events),
        ]
    }

    /// A job that the caller may see; one of somebody else is not there.
    static func job(_ exchange: Exchange) async throws -> Job {
        let id = try exchange.recordID("job", .job)
        let job = try await exchange.store.job(id)
        guard exchange.caller.mayChange(job.owner) else { throw StoreError.notFound(.job, id: id.description) }
        return job
    }

    private func list(_ exchange: Exchange) async throws -> Response {
        let (limit, before) = try exchange.page()
        let found = try await exchange.store.jobs(owner: exchange.caller.sees, before: before, limit: limit + 1)
        let jobs = found.prefix(limit)
        return Answers.json(
            Page(jobs: jobs.map { JobReport($0) }, next: found.count > limit ? jobs.last?.number : nil))
    }

    private struct Page: Encodable {
        let jobs: [JobReport]
        let next: Int64?
    }

    private func add(_ exchange: Exchange) async throws -> Response {
        let store = try exchange.store
        let new = try await NewJobReader(exchange: exchange).read()
        _ = try exchange.services.meter.admit(
            exchange.caller, characters: new.parts.reduce(0) { $0 + $1.unicodeScalars.count }, holds: false,
            engine: source.snapshot())
        let job = try await store.addJob(new)
        await exchange.services.jobs?.ring()
        var response = Answers.json(JobReport(job), status: .accepted)
        response.headers[.location] = "/api/v1/jobs/\(job.id)"
        return response
    }

    private func end(_ exchange: Exchange) async throws -> Response {
        let removes = try exchange.query(["delete"]).flag("delete") ?? false
        let job = try await Self.job(exchange)
        if job.state.isOpen, !removes {
            do {
                try await exchange.services.jobs?.cancel(job.id)
                return Answers.json(
                    try await JobReport(exchange.store.job(job.id), secondsIn: exchange.store))
            } catch StoreError.wrongState {
                // It ended in this moment.
            }
        }
        await exchange.services.jobs?.drop(job.id)
        try await exchange.store.deleteJob(job.id)
        return Answers.deleted(job.id.description)
    }

    /// Server-sent events, until the job is over.
    private func events(_ exchange: Exchange) async throws -> Response {
        let job = try await Self.job(exchange)
        guard let news = exchange.services.jobs?.news else { throw APIError.internalFault }
        let lastHeard = exchange.request.headers[.lastEventID]
        let (missed, events, stop) = news.listen(to: job.id, after: lastHeard)
        let (now, report): (Job, [UInt8])
        do {
            // Read after listening began, so that nothing falls in between.
            now = try await exchange.store.job(job.id)
            report = Answers.jsonBytes(try await JobReport(now, secondsIn: exchange.store))
        } catch {
            stop()
            throw error
        }
        if let missed, missed.isEmpty, !now.state.isOpen {
            // All was heard: browsers come back until they are told not to.
            stop()
            return Response(status: .noContent)
        }
        let token = exchange.connection.listen(stop)
        let last = news.last(of: job.id)
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                defer {
                    stop()
                    exchange.connection.forget(token)
                }
                func send(_ number: Int, _ name: String, _ data: [UInt8]) async throws {
                    try await exchange.send(
                        Array("id: \(news.epoch)-\(number)\nevent: \(name)\ndata: ".utf8) + data + [10, 10], by: &writer
                    )
                }
                var isOver = false
                if let missed {
                    for event in missed {
                        try await send(event.number, event.name, event.data)
                        isOver = isOver || event.isEnd
                    }
                } else {
                    try await send(last, "job", report)
                }
                if !now.state.isOpen, !isOver {
                    try await send(last, "end", report)
                    isOver = true
                }
                if !isOver {
                    let heartbeat = exchange.startHeartbeat()
                    defer { heartbeat.stop() }
                    for await event in events {
                        try await send(event.number, event.name, event.data)
                        if event.isEnd { break }
                    }
                }
                try await writer.finish(nil)
            })
    }
}
