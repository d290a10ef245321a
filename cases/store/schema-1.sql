-- A database of schema 1, as `sqlite3 kmswatch.db .dump` writes it, with rows in all tables. It stays as it is: each later
-- version must be able to open it, and give the answers that `schemas.txt` expects.
PRAGMA auto_vacuum=2;
PRAGMA application_id=1802335095;
PRAGMA user_version=1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE part (
  key TEXT PRIMARY KEY,               -- such as `alarm arn:…`
  state TEXT NOT NULL
) STRICT;
INSERT INTO part VALUES('monitor','{"now":1}');
INSERT INTO part VALUES('names 3 arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures','{}');
INSERT INTO part VALUES('notification 2','{"attempts":2}');
CREATE TABLE remembered (
  time INTEGER NOT NULL,
  record BLOB NOT NULL CHECK (length(record) = 16),
  PRIMARY KEY (time, record)
) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES(1789913600,X'00000000000000000000000000000002');
INSERT INTO remembered VALUES(1790000000,X'0123456789abcdef0011223344556677');
CREATE TABLE metric (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  dimensions TEXT NOT NULL,           -- a JSON object, in the order of names
  UNIQUE (namespace, name, dimensions)
) STRICT;
INSERT INTO metric VALUES(1,'KMS','DecryptFailures','{}');
INSERT INTO metric VALUES(2,'KMS','DecryptFailures','{"KeyId":"arn:aws:kms:eu-west-1:111122223333:key/5f6b8c2e"}');
CREATE TABLE datapoint (
  metric INTEGER NOT NULL REFERENCES metric (id),
  length INTEGER NOT NULL CHECK (length IN (1, 60, 300, 3600)),
  start INTEGER NOT NULL,
  unit TEXT NOT NULL,
  summary BLOB NOT NULL,              -- what `metric::Summary::to_bytes` writes
  PRIMARY KEY (metric, length, start, unit)
) STRICT, WITHOUT ROWID;
INSERT INTO datapoint VALUES(1,60,1789913580,'None',X'01000000000000f03f0100000000000000');
INSERT INTO datapoint VALUES(1,60,1789999980,'None',X'01000000000000f03f0200000000000000');
INSERT INTO datapoint VALUES(1,3600,1781359200,'None',X'0100000000000010400100000000000000');
INSERT INTO datapoint VALUES(2,1,1790000000,'Bytes/Second',X'0100000000000008c00100000000000000');
INSERT INTO datapoint VALUES(2,60,1789999980,'None',X'0303000000000000009a9999999999b93fea8ca039593e29461300000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000686666666666660a0000000000d4194173b27c3200000000000003009a9999999999b93f010000000000000000000000000004400100000000000000ea8ca039593e29460100000000000000');
CREATE TABLE pair (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,          -- of principal and key
  principal TEXT NOT NULL,
  key TEXT
) STRICT;
INSERT INTO pair VALUES(1,X'ca0d7c64dad33f39cda1825d907f7839','arn:aws:iam::111122223333:user/eve','arn:aws:kms:eu-west-1:111122223333:key/5f6b8c2e');
INSERT INTO pair VALUES(2,X'167e0ee73b9162c3e777fcc762e03579','AIDA it''s bob',NULL);
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
INSERT INTO content VALUES(1,1,X'99b775a490c49b96a56ce0abc3b502ed','Decrypt','AccessDenied','203.0.113.9','{"principal_words":"user eve in account 111122223333","service":"kms.amazonaws.com","region":"eu-west-1","account":"111122223333","key_notes":["the key is in another account"],"error_message":"User: arn:aws:iam::111122223333:user/eve is not authorized to perform: kms:Decrypt","data":["secret prod/db"],"more_data":2,"user_agent":"aws-cli/2.17 é"}');
INSERT INTO content VALUES(2,2,X'b83f5ca11b0fcf58ec90c07433e412ad','Decrypt',NULL,'203.0.113.9','{"principal_words":"user AIDA it''s bob","service":"kms.amazonaws.com"}');
CREATE TABLE sighting (
  id INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  record BLOB CHECK (length(record) = 16),
  pair INTEGER NOT NULL REFERENCES pair (id), -- that of its content
  content INTEGER NOT NULL REFERENCES content (id),
  failed INTEGER NOT NULL CHECK (failed IN (0, 1))
) STRICT;
INSERT INTO sighting VALUES(1,1790000000,X'0123456789abcdef0011223344556677',1,1,1);
INSERT INTO sighting VALUES(2,1789913600,X'00000000000000000000000000000002',1,1,1);
INSERT INTO sighting VALUES(3,1790000001,NULL,2,2,0);
CREATE TABLE behind (
  metric INTEGER NOT NULL REFERENCES metric (id),
  time INTEGER NOT NULL,
  sighting INTEGER NOT NULL REFERENCES sighting (id) ON DELETE CASCADE,
  PRIMARY KEY (metric, time, sighting)
) STRICT, WITHOUT ROWID;
INSERT INTO behind VALUES(1,1790000000,1);
INSERT INTO behind VALUES(2,1790000000,1);
INSERT INTO behind VALUES(1,1789913600,2);
INSERT INTO behind VALUES(2,1789913600,2);
INSERT INTO behind VALUES(1,1790000001,3);
CREATE TABLE history (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,                -- milliseconds
  alarm TEXT NOT NULL,                -- ARN
  kind TEXT NOT NULL CHECK (kind IN ('state', 'late', 'revised', 'news', 'untold', 'created', 'updated', 'deleted')),
  was TEXT,                           -- the state before
  became TEXT,                        -- the state after
  detail TEXT NOT NULL                -- JSON
) STRICT;
INSERT INTO history VALUES(1,1790000000000,'arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures','created',NULL,NULL,'{}');
INSERT INTO history VALUES(2,1790000000500,'arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures','state','OK','ALARM','{"alarm":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures","name":"failures","from":"OK","to":"ALARM","at":1790000000500,"reason":{"Given":"a test"},"judged":null}');
INSERT INTO history VALUES(3,1790000000000,'arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures','revised','ALARM','INSUFFICIENT_DATA','{"first_end":60,"last_end":120}');
INSERT INTO history VALUES(4,1790000000000,'arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures','untold',NULL,NULL,'{"topic":"arn:aws:sns:eu-west-1:111122223333:nobody","why":"no subscriber"}');
INSERT INTO history VALUES(5,1790000000000,'arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures','news',NULL,NULL,'{"alarm":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures","name":"failures","at":1790000000000,"principals":["p"],"keys":["k"],"more":3}');
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
INSERT INTO notification VALUES(0,'arn:aws:sns:eu-west-1:111122223333:soc','email','soc@example.org','arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures','ALARM',1790000000000,'delivered',1,NULL,1790000000000,NULL,'{"id":0,"topic":"arn:aws:sns:eu-west-1:111122223333:soc","subscription":{"protocol":"email","endpoint":"soc@example.org"},"queued_at":1790000000000,"about":{"State":{"alarm":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures","name":"failures","from":"OK","to":"ALARM","at":1790000000500,"reason":{"Given":"a test"},"judged":null}}}',NULL,NULL);
INSERT INTO notification VALUES(1,'arn:aws:sns:eu-west-1:111122223333:soc','email','other@example.org','arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures','ALARM',1790000000001,'dead',1,NULL,1790000000000,'550 no such user','{"id":1,"topic":"arn:aws:sns:eu-west-1:111122223333:soc","subscription":{"protocol":"email","endpoint":"other@example.org"},"queued_at":1790000000001,"about":{"State":{"alarm":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures","name":"failures","from":"OK","to":"ALARM","at":1790000000500,"reason":{"Given":"a test"},"judged":null}}}',NULL,NULL);
INSERT INTO notification VALUES(2,'arn:aws:sns:eu-west-1:111122223333:soc','email','soc@example.org','arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures',NULL,1790000000002,'waiting',2,1790000060000,NULL,'421 try again','{"id":2,"topic":"arn:aws:sns:eu-west-1:111122223333:soc","subscription":{"protocol":"email","endpoint":"soc@example.org"},"queued_at":1790000000002,"about":{"News":{"alarm":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures","name":"a","at":1790000000000,"principals":["p"],"keys":[],"more":0}}}','{"lead":null}',NULL);
INSERT INTO notification VALUES(3,'arn:aws:sns:eu-west-1:111122223333:soc','email','soc@example.org','arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures','ALARM',1790000000003,'summed',0,NULL,1790000001000,NULL,'{"id":3}',NULL,4);
INSERT INTO notification VALUES(4,'arn:aws:sns:eu-west-1:111122223333:soc','email','soc@example.org',NULL,'ALARM',1790000001000,'waiting',0,1790000001000,NULL,NULL,'{"id":4}',NULL,NULL);
INSERT INTO notification VALUES(5,'arn:aws:sns:eu-west-1:111122223333:soc','email','soc@example.org','arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures',NULL,1790000002000,'waiting',0,1790000002000,NULL,NULL,'{"id":5}',NULL,NULL);
CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  files INTEGER NOT NULL,             -- how many checkpoints it has
  read_at INTEGER NOT NULL            -- milliseconds: when something of it was read last
) STRICT;
INSERT INTO source VALUES(1,'trail',2,1790000000000);
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
INSERT INTO checkpoint VALUES(1,X'4157534c6f67732f312e6a736f6e2e677a',4096,1790000000000000000,66306,7,17,1,1790000000000,X'00000000000000000123456789abcdef');
INSERT INTO checkpoint VALUES(1,X'4157534c6f67732ffe2e6a736f6e2e677a',4096,1790000000000000000,66306,-1,17,1,1790000000000,X'00000000000000000123456789abcdef');
CREATE TABLE problem (
  id INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,              -- milliseconds
  source TEXT NOT NULL,
  path BLOB NOT NULL,
  "offset" INTEGER,
  reason TEXT NOT NULL
) STRICT;
INSERT INTO problem VALUES(1,1790000000000,'trail',X'612fff2e6a736f6e2e677a',17,'the gzip stream ends early');
CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES('files',2);
INSERT INTO counter VALUES('records',1234);
CREATE TABLE template (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  settings TEXT NOT NULL,             -- JSON: what it was read with
  applied_at INTEGER NOT NULL         -- milliseconds
) STRICT;
INSERT INTO template VALUES(1,'kmswatch.yaml',replace('Resources:\n  A: it''s one\n','\n',char(10)),'{"region":"eu-west-1"}',1790000000000);
CREATE TABLE sweep (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  believed INTEGER NOT NULL           -- milliseconds
) STRICT;
INSERT INTO sweep VALUES(1,1790000000000);
CREATE UNIQUE INDEX sighting_by_record ON sighting (time, record);
CREATE INDEX sighting_by_pair ON sighting (pair, failed, time);
CREATE INDEX sighting_by_content ON sighting (content);
CREATE INDEX behind_by_sighting ON behind (sighting);
CREATE VIEW evidence AS
  SELECT sighting.id, datetime(sighting.time, 'unixepoch') AS at, sighting.time, pair.principal, content.operation, pair.key,
    content.error, content.source_address, content.detail, lower(hex(sighting.record)) AS record
  FROM sighting JOIN pair ON pair.id = sighting.pair JOIN content ON content.id = sighting.content;
CREATE INDEX history_by_alarm ON history (alarm, id);
CREATE INDEX history_by_kind ON history (alarm, kind, id);
CREATE INDEX history_by_time ON history (at);
CREATE INDEX notification_by_state ON notification (state, id);
CREATE INDEX notification_by_end ON notification (state, closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX notification_by_thread ON notification (alarm, protocol, endpoint, id, tells);
CREATE INDEX checkpoint_by_identity ON checkpoint (device, inode);
CREATE INDEX problem_by_time ON problem (time);
COMMIT;
