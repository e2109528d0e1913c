-- A journal as schema 1 left it, that of the previews of 0.1.0, with something in every table. Never to be changed: each released
-- schema has such a file, and tests/daemon/storage/test_released.cpp upgrades them all.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

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
    qos_in_force TEXT NOT NULL,
    UNIQUE (cluster, name)
);
CREATE TABLE account_amount (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN
        ('base', 'previous_base', 'adjustment', 'grant', 'previous_grant', 'limit',
         'limit_asked', 'reached')),
    name TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, kind, name)
) WITHOUT ROWID;
CREATE TABLE account_word (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('notified', 'held')),
    word TEXT NOT NULL,
    PRIMARY KEY (account, kind, word)
) WITHOUT ROWID;
CREATE TABLE account_member (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    association TEXT NOT NULL,
    saved_qos TEXT NOT NULL,
    saved_default_qos TEXT NOT NULL,
    PRIMARY KEY (account, association)
) WITHOUT ROWID;

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
CREATE INDEX evaluation_by_account ON evaluation (account, id);
CREATE INDEX evaluation_by_age ON evaluation (at);

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
);
CREATE INDEX command_by_account ON command (account, id);
CREATE INDEX command_by_age ON command (requested);
CREATE INDEX command_open ON command (id) WHERE finished IS NULL;
CREATE TABLE command_limit (
    command INTEGER NOT NULL REFERENCES command (id) ON DELETE CASCADE,
    tres TEXT NOT NULL,
    value INTEGER,
    PRIMARY KEY (command, tres)
) WITHOUT ROWID;

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
CREATE INDEX override_by_end ON override (cluster, ends);
CREATE TABLE override_end (
    override INTEGER PRIMARY KEY REFERENCES override (id),
    at INTEGER NOT NULL,
    made_by TEXT NOT NULL
);
CREATE TABLE adjustment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    period TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL,
    at INTEGER NOT NULL
);
CREATE INDEX adjustment_by_cluster ON adjustment (cluster, account, period);
CREATE TABLE adjustment_unit (
    adjustment INTEGER NOT NULL REFERENCES adjustment (id),
    component TEXT NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (adjustment, component)
) WITHOUT ROWID;
INSERT INTO meta VALUES ('schema', '1');
INSERT INTO account VALUES (1, 'lab', 'physics', '2026-Q4', 1, 1, 1, 1, 12310, 'normal,slowdown', 'normal', '2026-Q4', '2026-Q3', 'blocked');
INSERT INTO account_amount VALUES (1, 'base', 'node_hours', 3600000), (1, 'limit', 'node', 72000), (1, 'reached', '80', 1795000000);
INSERT INTO account_word VALUES (1, 'notified', '80'), (1, 'held', 'paused');
INSERT INTO account_member VALUES (1, 'physics|games|', 'normal', 'normal');
INSERT INTO evaluation VALUES (4, 'lab', 'physics', 'quarterly', '2026-Q4', 12310, '120', 0, 1, 1, 1, 'pause', 'timer', 1795000100);
INSERT INTO command VALUES (7, 'lab', 'physics', '', '', 'qos', 'blocked', 'blocked', 'GrpTRESMins', 0, 'grace limit reached', 'QOS blocked', 'sacctmgr -i modify account', 'production', 1795000100, 1795000101, 1795000102, 1, '');
INSERT INTO command VALUES (8, 'lab', 'physics', '', '', 'limits', '', '', 'GrpTRESMins', 0, 'allocation changed', 'limits', 'sacctmgr -i modify account', 'production', 1795000100, 1795000101, 1795000102, 0, 'slurmdbd: away');
INSERT INTO command_limit VALUES (8, 'node', 72000), (8, 'cpu', NULL);
INSERT INTO override VALUES (2, 'lab', 'physics', 'normal', 1795000200, 4102444800, 'deadline', 'uid 0');
INSERT INTO override VALUES (3, 'lab', 'chem', 'paused', 1795000200, 4102444800, 'audit', 'uid 0');
INSERT INTO override_end VALUES (3, 1795000300, 'uid 0');
INSERT INTO adjustment VALUES (5, 'lab', 'physics', '2026-Q4', 'node failure', 'uid 0', 1795000400);
INSERT INTO adjustment_unit VALUES (5, 'node_hours', 25000000000);
PRAGMA application_id = 1397511491;
PRAGMA user_version = 1;
