import GRDB

/// The tables and how they came to be. A migration that was released is never changed; a new one is added below it.
///
/// Audio lies in files; `audio` has a row for each. A row that refers to audio takes it along when it goes (triggers),
/// and `discardedAudio` collects the files that may be removed once the transaction is on the disk.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 voices, history, jobs, keys") { db in
            try db.execute(sql: audio)
            try db.execute(sql: voices)
            try db.execute(sql: history)
            try db.execute(sql: keys)
            try db.execute(sql: jobs)
        }
        migrator.registerMigration("2 owners, administrators, settings, consents") { db in
            try db.execute(sql: owners)
            try db.execute(sql: consents)
        }
        migrator.registerMigration("3 sizes of history") { db in
            // The caps are checked with every speech: their sums come from here, not from the texts.
            try db.execute(sql: "CREATE INDEX historyBySize ON history (byteCount)")
        }
        return migrator
    }

    private static let owners = """
        ALTER TABLE keys ADD COLUMN isAdmin INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE history ADD COLUMN owner TEXT REFERENCES keys(id) ON DELETE SET NULL;
        CREATE INDEX historyByOwner ON history (owner, number);
        ALTER TABLE voices ADD COLUMN owner TEXT REFERENCES keys(id) ON DELETE SET NULL;
        CREATE INDEX voicesByOwner ON voices (owner);
        CREATE TABLE remembered (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT;
        """

    private static let consents = """
        CREATE TABLE consents (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            language TEXT NOT NULL,
            createdAt REAL NOT NULL,
            recording TEXT NOT NULL REFERENCES audio
        ) STRICT;
        CREATE TRIGGER consentGone AFTER DELETE ON consents BEGIN
            DELETE FROM audio WHERE id = OLD.recording;
        END;
        ALTER TABLE voices ADD COLUMN consentRecording TEXT REFERENCES consents(id);
        """

    private static let audio = """
        CREATE TABLE audio (
            id TEXT PRIMARY KEY NOT NULL,
            mediaType TEXT NOT NULL,
            byteCount INTEGER NOT NULL,
            sha256 TEXT NOT NULL
        ) STRICT;
        CREATE TABLE discardedAudio (id TEXT PRIMARY KEY NOT NULL) STRICT;
        CREATE TRIGGER audioGone AFTER DELETE ON audio BEGIN
            INSERT OR IGNORE INTO discardedAudio VALUES (OLD.id);
        END;
        """

    private static let voices = """
        CREATE TABLE voices (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL COLLATE NOCASE UNIQUE,
            transcript TEXT NOT NULL,
            consent TEXT NOT NULL,
            createdAt REAL NOT NULL,
            reference TEXT NOT NULL REFERENCES audio,
            preview TEXT REFERENCES audio
        ) STRICT;
        CREATE TABLE latents (
            voice TEXT NOT NULL REFERENCES voices(id) ON DELETE CASCADE,
            modelDigest TEXT NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (voice, modelDigest)
        ) STRICT;
        CREATE TRIGGER voiceGone AFTER DELETE ON voices BEGIN
            DELETE FROM audio WHERE id IN (OLD.reference, OLD.preview);
        END;
        CREATE TRIGGER previewReplaced AFTER UPDATE OF preview ON voices
        WHEN OLD.preview IS NOT NULL AND OLD.preview IS NOT NEW.preview BEGIN
            DELETE FROM audio WHERE id = OLD.preview;
        END;
        """

    private static let history = """
        CREATE TABLE history (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            createdAt REAL NOT NULL,
            text TEXT NOT NULL,
            model TEXT NOT NULL,
            voice TEXT REFERENCES voices(id),
            voiceName TEXT,
            seed INTEGER NOT NULL,
            parameters TEXT NOT NULL,
            timings TEXT NOT NULL,
            audio TEXT NOT NULL REFERENCES audio,
            byteCount INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX historyByVoice ON history (voice);
        CREATE INDEX historyByTime ON history (createdAt);
        CREATE TRIGGER historyGone AFTER DELETE ON history BEGIN
            DELETE FROM audio WHERE id = OLD.audio;
        END;
        """

    private static let keys = """
        CREATE TABLE keys (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            hash BLOB NOT NULL,
            concurrentRequests INTEGER,
            requestsPerMinute INTEGER,
            charactersPerMinute INTEGER,
            createdAt REAL NOT NULL,
            revokedAt REAL,
            lastUsedAt REAL
        ) STRICT;
        """

    private static let jobs = """
        CREATE TABLE jobs (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            title TEXT NOT NULL,
            state TEXT NOT NULL,
            model TEXT NOT NULL,
            voice TEXT REFERENCES voices(id),
            voiceName TEXT,
            parameters TEXT NOT NULL,
            owner TEXT REFERENCES keys(id) ON DELETE SET NULL,
            idempotencyKey TEXT,
            failure TEXT,
            createdAt REAL NOT NULL,
            changedAt REAL NOT NULL
        ) STRICT;
        CREATE INDEX jobsByState ON jobs (state, number);
        CREATE INDEX jobsByVoice ON jobs (voice);
        CREATE INDEX jobsByOwner ON jobs (owner);
        CREATE UNIQUE INDEX jobsOnce ON jobs (coalesce(owner, ''), idempotencyKey) WHERE idempotencyKey IS NOT NULL;
        CREATE TABLE parts (
            job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            text TEXT NOT NULL,
            state TEXT NOT NULL,
            tries INTEGER NOT NULL,
            seed INTEGER,
            timings TEXT,
            audio TEXT REFERENCES audio,
            failure TEXT,
            PRIMARY KEY (job, position)
        ) STRICT;
        CREATE INDEX partsByState ON parts (job, state, position);
        CREATE INDEX partsByAudio ON parts (audio);
        CREATE TRIGGER partGone AFTER DELETE ON parts WHEN OLD.audio IS NOT NULL BEGIN
            DELETE FROM audio WHERE id = OLD.audio;
        END;
        """
}
