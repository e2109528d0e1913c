-- A journal as schema 2 left it, that of 0.1.0, with something in every table. Never to be changed: each released schema has such a
-- file, and tests/daemon/storage/test_released.cpp upgrades them all.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO meta VALUES('schema','2');
CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    name TEXT NOT NULL,
    period TEXT NOT NULL,
    own_paused INTEGER NOT NULL,
    own_downscaled INTEGER NOT NULL,
    shown_paused INTEGER NOT NULL,
    shown_downscaled INTEGER NOT NULL,
    percent INTEGER,
    saved_qos TEXT,
    saved_default_qos TEXT,
    reset_done_for TEXT NOT NULL,
    previous_period TEXT,
    qos_in_force TEXT NOT NULL, paused_since INTEGER,
    UNIQUE (cluster, name)
);
INSERT INTO account VALUES(1,'lab','physics','2026-Q4',1,1,1,1,12310,'normal,slowdown','normal','2026-Q4','2026-Q3','blocked',1795000100);
CREATE TABLE account_amount (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN
        ('base', 'previous_base', 'adjustment', 'grant', 'previous_grant', 'limit',
         'limit_asked', 'reached')),
    name TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, kind, name)
) WITHOUT ROWID;
INSERT INTO account_amount VALUES(1,'base','node_hours',3600000);
INSERT INTO account_amount VALUES(1,'limit','node',72000);
INSERT INTO account_amount VALUES(1,'reached','80',1795000000);
CREATE TABLE account_word (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('notified', 'held')),
    word TEXT NOT NULL,
    PRIMARY KEY (account, kind, word)
) WITHOUT ROWID;
INSERT INTO account_word VALUES(1,'held','paused');
INSERT INTO account_word VALUES(1,'notified','80');
CREATE TABLE account_member (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    association TEXT NOT NULL,
    saved_qos TEXT NOT NULL,
    saved_default_qos TEXT NOT NULL,
    PRIMARY KEY (account, association)
) WITHOUT ROWID;
INSERT INTO account_member VALUES(1,'physics|games|','normal','normal');
CREATE TABLE evaluation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    policy TEXT NOT NULL,
    billing_period TEXT NOT NULL,
    percent INTEGER,
    grace_limit TEXT NOT NULL,
    previous_paused INTEGER NOT NULL,
    previous_downscaled INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    downscaled INTEGER NOT NULL,
    actions_taken TEXT NOT NULL,
    trigger TEXT NOT NULL,
    at INTEGER NOT NULL
);
INSERT INTO evaluation VALUES(4,'lab','physics','quarterly','2026-Q4',12310,'120',0,1,1,1,'pause','timer',1795000100);
CREATE TABLE command (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    user TEXT NOT NULL,
    partition TEXT NOT NULL,
    type TEXT NOT NULL,
    qos TEXT NOT NULL,
    default_qos TEXT NOT NULL,
    limit_type TEXT NOT NULL,
    shares INTEGER NOT NULL,
    reason TEXT NOT NULL,
    description TEXT NOT NULL,
    sacctmgr TEXT NOT NULL,
    mode TEXT NOT NULL,
    requested INTEGER NOT NULL,
    started INTEGER,
    finished INTEGER,
    success INTEGER,
    error TEXT NOT NULL DEFAULT ''
, confirmed INTEGER, confirm_delay_ms INTEGER, job TEXT NOT NULL DEFAULT '');
INSERT INTO command VALUES(7,'lab','physics','','','qos','blocked','blocked','GrpTRESMins',0,'grace limit reached','QOS blocked','sacctmgr -i modify account','production',1795000100,1795000101,1795000102,1,'',1795000102,640,'');
INSERT INTO command VALUES(8,'lab','physics','','','limits','','','GrpTRESMins',0,'allocation changed','limits','sacctmgr -i modify account','production',1795000100,1795000101,1795000102,0,'slurmdbd: away',NULL,NULL,'');
CREATE TABLE command_limit (
    command INTEGER NOT NULL REFERENCES command (id) ON DELETE CASCADE,
    tres TEXT NOT NULL,
    value INTEGER,
    PRIMARY KEY (command, tres)
) WITHOUT ROWID;
INSERT INTO command_limit VALUES(8,'cpu',NULL);
INSERT INTO command_limit VALUES(8,'node',72000);
CREATE TABLE override (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('normal', 'downscaled', 'paused')),
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL
);
INSERT INTO override VALUES(2,'lab','physics','normal',1795000200,4102444800,'deadline','uid 0');
INSERT INTO override VALUES(3,'lab','chem','paused',1795000200,4102444800,'audit','uid 0');
CREATE TABLE override_end (
    override INTEGER PRIMARY KEY REFERENCES override (id),
    at INTEGER NOT NULL,
    made_by TEXT NOT NULL
, reason TEXT NOT NULL DEFAULT '');
INSERT INTO override_end VALUES(3,1795000300,'uid 0','audit is over');
CREATE TABLE adjustment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    period TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL,
    at INTEGER NOT NULL
, takes_back INTEGER REFERENCES adjustment (id));
INSERT INTO adjustment VALUES(5,'lab','physics','2026-Q4','node failure','uid 0',1795000400,NULL);
INSERT INTO adjustment VALUES(6,'lab','physics','2026-Q4','it was another node','uid 0',1795000500,5);
CREATE TABLE adjustment_unit (
    adjustment INTEGER NOT NULL REFERENCES adjustment (id),
    component TEXT NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (adjustment, component)
) WITHOUT ROWID;
INSERT INTO adjustment_unit VALUES(5,'node_hours',25000000000);
INSERT INTO adjustment_unit VALUES(6,'node_hours',-25000000000);
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    correlation TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'parked', 'done', 'dropped')),
    created INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL,
    error TEXT NOT NULL DEFAULT '',
    closed INTEGER
);
INSERT INTO outbox VALUES(9,'waldur','flag','physics','c0ffee','{"paused": true}','waiting',1795000100,2,1795000160,'HTTP 502',NULL);
INSERT INTO outbox VALUES(10,'mail','notice','physics','c0ffef','{}','done',1795000100,1,1795000100,'',1795000101);
CREATE TABLE period_reset (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    period TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL,
    at INTEGER NOT NULL
);
INSERT INTO period_reset VALUES(1,'lab','physics','2026-Q4','wrong hardware','uid 0',1795000600);
CREATE TABLE account_job (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    job INTEGER NOT NULL,
    PRIMARY KEY (account, job)
) WITHOUT ROWID;
INSERT INTO account_job VALUES(1,4711);
CREATE TABLE note (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
INSERT INTO note VALUES('notice','physics 80','1795000000');
CREATE TABLE agent_report (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    policy TEXT NOT NULL,
    mode TEXT NOT NULL,
    success INTEGER NOT NULL,
    error TEXT NOT NULL,
    commands TEXT NOT NULL,
    made_by TEXT NOT NULL,
    correlation TEXT UNIQUE,
    at INTEGER NOT NULL,
    evaluation INTEGER
);
INSERT INTO agent_report VALUES(1,'lab','physics','quarterly','production',1,'','sacctmgr -i modify account','token agent','c0fff0',1795000700,4);
CREATE TABLE closed_usage (
    cluster TEXT NOT NULL,
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    read_at INTEGER NOT NULL,
    reads INTEGER NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (cluster, begins)
) WITHOUT ROWID;
INSERT INTO closed_usage VALUES('lab',1794960000,1795046400,1795050000,1,'{}');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('evaluation',4);
INSERT INTO sqlite_sequence VALUES('command',8);
INSERT INTO sqlite_sequence VALUES('override',3);
INSERT INTO sqlite_sequence VALUES('adjustment',6);
INSERT INTO sqlite_sequence VALUES('outbox',10);
INSERT INTO sqlite_sequence VALUES('period_reset',1);
INSERT INTO sqlite_sequence VALUES('agent_report',1);
CREATE INDEX evaluation_by_account ON evaluation (account, id);
CREATE INDEX evaluation_by_age ON evaluation (at);
CREATE INDEX command_by_account ON command (account, id);
CREATE INDEX command_by_age ON command (requested);
CREATE INDEX command_open ON command (id) WHERE finished IS NULL;
CREATE INDEX override_by_end ON override (cluster, ends);
CREATE INDEX adjustment_by_cluster ON adjustment (cluster, account, period);
CREATE INDEX outbox_open ON outbox (target, id) WHERE closed IS NULL;
CREATE INDEX outbox_open_by_key ON outbox (target, key, id) WHERE closed IS NULL;
CREATE INDEX outbox_by_age ON outbox (closed) WHERE closed IS NOT NULL;
CREATE UNIQUE INDEX adjustment_taken_back ON adjustment (takes_back) WHERE takes_back IS NOT NULL;
CREATE INDEX command_unconfirmed ON command (id) WHERE success = 1 AND confirmed IS NULL;
CREATE INDEX agent_report_by_account ON agent_report (account, id);
CREATE INDEX agent_report_by_age ON agent_report (at);
PRAGMA application_id = 1397511491;
PRAGMA user_version = 2;
