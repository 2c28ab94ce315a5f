import HTTPTypes

/// Paths that docs/openapi.yaml promises and that are not built yet. Each goes from this list when it is.
enum PlannedRoutes {
    static let routes: [Route] = list.map { method, path in
        Route(method, path) { _ in
            throw APIError(.notImplemented, .server, code: "not_implemented", "This part of the API is not built yet.")
        }
    }

    private static let list: [(HTTPRequest.Method, String)] = [
        (.post, "/v1/audio/voices"), (.get, "/v1/audio/voice_consents"), (.post, "/v1/audio/voice_consents"),
        (.get, "/v1/audio/voice_consents/{consent}"), (.delete, "/v1/audio/voice_consents/{consent}"),
        (.post, "/api/v1/voices"), (.post, "/api/v1/voices/check"), (.post, "/api/v1/voices/import"),
        (.get, "/api/v1/voices/{voice}"), (.patch, "/api/v1/voices/{voice}"), (.delete, "/api/v1/voices/{voice}"),
        (.get, "/api/v1/voices/{voice}/preview"), (.get, "/api/v1/voices/{voice}/export"),
        (.get, "/api/v1/history"), (.delete, "/api/v1/history"), (.get, "/api/v1/history/{entry}"),
        (.delete, "/api/v1/history/{entry}"), (.get, "/api/v1/history/{entry}/audio"),
        (.get, "/api/v1/history/{entry}/subtitles"),
        (.get, "/api/v1/jobs"), (.post, "/api/v1/jobs"), (.get, "/api/v1/jobs/{job}"),
        (.delete, "/api/v1/jobs/{job}"), (.get, "/api/v1/jobs/{job}/events"), (.get, "/api/v1/jobs/{job}/audio"),
        (.get, "/api/v1/jobs/{job}/archive"), (.get, "/api/v1/jobs/{job}/subtitles"),
        (.get, "/api/v1/jobs/{job}/parts/{part}/audio"),
        (.get, "/api/v1/keys"), (.post, "/api/v1/keys"), (.patch, "/api/v1/keys/{key}"),
        (.delete, "/api/v1/keys/{key}"),
        (.get, "/api/v1/settings"), (.patch, "/api/v1/settings"), (.get, "/api/v1/logs"),
        (.post, "/api/v1/models/load"), (.post, "/api/v1/models/unload"),
    ]
}
