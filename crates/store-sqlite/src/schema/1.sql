-- Schema 1. `docs/store.md` says what is in the tables. Times are seconds since 1970 unless they are said to be milliseconds.

-- What a monitor needs to go on, in pieces of JSON.
CREATE TABLE part (
  key TEXT PRIMARY KEY,               -- such as `alarm arn:…`
  state TEXT NOT NULL
) STRICT;

-- Records whose repeats don't count. Nobody asks for one of them: all are loaded, and old ones go.
CREATE TABLE remembered (
  time INTEGER NOT NULL,
  record BLOB NOT NULL CHECK (length(record) = 16),
  PRIMARY KEY (time, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  dimensions TEXT NOT NULL,           -- a JSON object, in the order of names
  UNIQUE (namespace, name, dimensions)
) STRICT;

-- The observations of a slot. Length before time, so that old slots of one length are found without an index of their own.
CREATE TABLE datapoint (
  metric INTEGER NOT NULL REFERENCES metric (id),
  length INTEGER NOT NULL CHECK (length IN (1, 60, 300, 3600)),
  start INTEGER NOT NULL,
  unit TEXT NOT NULL,
  summary BLOB NOT NULL,              -- what `metric::Summary::to_bytes` writes
  PRIMARY KEY (metric, length, start, unit)
) STRICT, WITHOUT ROWID;

-- Evidence is stored once for all records that say the same. Who and with which key:
CREATE TABLE pair (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,          -- of principal and key
  principal TEXT NOT NULL,
  key TEXT
) STRICT;

-- … what happened …
CREATE TABLE content (
  id INTEGER PRIMARY KEY,
  pair INTEGER NOT NULL REFERENCES pair (id),
  hash BLOB NOT NULL,                 -- of all that follows
  operation TEXT NOT NULL,
  error TEXT,
  source_address TEXT,
  detail TEXT NOT NULL,               -- the rest, as JSON
  UNIQUE (pair, hash)                 -- the pair first: what is written together lies together
) STRICT;

-- … and when: a record behind some datapoints.
CREATE TABLE sighting (
  id INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  record BLOB CHECK (length(record) = 16),
  pair INTEGER NOT NULL REFERENCES pair (id), -- that of its content
  content INTEGER NOT NULL REFERENCES content (id),
  failed INTEGER NOT NULL CHECK (failed IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX sighting_by_record ON sighting (time, record);
CREATE INDEX sighting_by_pair ON sighting (pair, failed, time);
CREATE INDEX sighting_by_content ON sighting (content);

-- Which metrics a record is behind.
CREATE TABLE behind (
  metric INTEGER NOT NULL REFERENCES metric (id),
  time INTEGER NOT NULL,
  sighting INTEGER NOT NULL REFERENCES sighting (id) ON DELETE CASCADE,
  PRIMARY KEY (metric, time, sighting)
) STRICT, WITHOUT ROWID;
CREATE INDEX behind_by_sighting ON behind (sighting);

-- For people: all evidence in words.
CREATE VIEW evidence AS
  SELECT sighting.id, datetime(sighting.time, 'unixepoch') AS at, sighting.time, pair.principal, content.operation, pair.key,
    content.error, content.source_address, content.detail, lower(hex(sighting.record)) AS record
  FROM sighting JOIN pair ON pair.id = sighting.pair JOIN content ON content.id = sighting.content;

CREATE TABLE history (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,                -- milliseconds
  alarm TEXT NOT NULL,                -- ARN
  kind TEXT NOT NULL CHECK (kind IN ('state', 'late', 'revised', 'news', 'untold', 'created', 'updated', 'deleted')),
  was TEXT,                           -- the state before
  became TEXT,                        -- the state after
  detail TEXT NOT NULL                -- JSON
) STRICT;
CREATE INDEX history_by_alarm ON history (alarm, id);
CREATE INDEX history_by_kind ON history (alarm, kind, id);
CREATE INDEX history_by_time ON history (at);

CREATE TABLE notification (
  id INTEGER PRIMARY KEY,             -- the monitor's own number
  topic TEXT NOT NULL,
  protocol TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  alarm TEXT,                         -- ARN; none where it tells of many
  tells TEXT,                         -- the state that it tells: ALARM, OK or INSUFFICIENT_DATA
  queued_at INTEGER NOT NULL,         -- milliseconds
  state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead', 'summed')),
  attempts INTEGER NOT NULL,
  next_attempt INTEGER,               -- milliseconds
  closed_at INTEGER,                  -- milliseconds: when it was delivered, given up or summed up
  reason TEXT,                        -- of the last failure
  notification TEXT NOT NULL,         -- JSON
  story TEXT,                         -- JSON
  summed INTEGER                      -- the one that tells what it would have told
) STRICT;
CREATE INDEX notification_by_state ON notification (state, id);
CREATE INDEX notification_by_end ON notification (state, closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX notification_by_thread ON notification (alarm, protocol, endpoint, id, tells);

CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  files INTEGER NOT NULL,             -- how many checkpoints it has
  read_at INTEGER NOT NULL            -- milliseconds: when something of it was read last
) STRICT;

CREATE TABLE checkpoint (
  source INTEGER NOT NULL REFERENCES source (id),
  key BLOB NOT NULL,                  -- the path below the trail
  length INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  device INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  taken INTEGER NOT NULL,             -- records
  complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
  read_at INTEGER NOT NULL,           -- milliseconds
  content BLOB NOT NULL CHECK (length(content) = 16),
  PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX checkpoint_by_identity ON checkpoint (device, inode);

-- What couldn't be read.
CREATE TABLE problem (
  id INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,              -- milliseconds
  source TEXT NOT NULL,
  path BLOB NOT NULL,
  "offset" INTEGER,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX problem_by_time ON problem (time);

CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The template that was applied last.
CREATE TABLE template (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  settings TEXT NOT NULL,             -- JSON: what it was read with
  applied_at INTEGER NOT NULL         -- milliseconds
) STRICT;

-- How far retention has come: it follows the clock slowly, so that a clock that is years ahead for an hour costs little.
CREATE TABLE sweep (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  believed INTEGER NOT NULL           -- milliseconds
) STRICT;
