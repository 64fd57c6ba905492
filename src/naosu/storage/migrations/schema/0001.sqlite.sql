CREATE TABLE counter (
	name TEXT NOT NULL,
	value BIGINT NOT NULL,
	PRIMARY KEY (name)
);

CREATE TABLE project (
	id INTEGER NOT NULL,
	slug TEXT NOT NULL,
	name TEXT NOT NULL,
	platform TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	settings BLOB NOT NULL,
	last_issue_number INTEGER NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (slug)
);

CREATE TABLE issue (
	id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,
	number INTEGER NOT NULL,
	title TEXT NOT NULL,
	culprit TEXT NOT NULL,
	title_folded TEXT NOT NULL,
	culprit_folded TEXT NOT NULL,
	level SMALLINT NOT NULL,
	platform TEXT NOT NULL,
	category SMALLINT NOT NULL,
	severity SMALLINT NOT NULL,
	classification BLOB NOT NULL,
	status SMALLINT NOT NULL,
	first_seen_at BIGINT NOT NULL,
	last_seen_at BIGINT NOT NULL,
	event_count BIGINT NOT NULL,
	stored_count BIGINT NOT NULL,
	user_count BIGINT NOT NULL,
	first_release TEXT NOT NULL,
	last_release TEXT NOT NULL,
	resolved_at BIGINT,
	resolved_in_release TEXT NOT NULL,
	resolved_in_next BOOLEAN NOT NULL,
	muted_until BIGINT,
	mute_events_left BIGINT,
	regressed_at BIGINT,
	handled BOOLEAN,
	PRIMARY KEY (id),
	UNIQUE (project_id, number)
);

CREATE INDEX ix_issue_seen ON issue (last_seen_at, id);

CREATE INDEX ix_issue_project_seen ON issue (project_id, last_seen_at, id);

CREATE INDEX ix_issue_status_seen ON issue (status, last_seen_at, id);

CREATE INDEX ix_issue_project_status_seen ON issue (project_id, status, last_seen_at, id);

CREATE TABLE issue_alias (
	project_id INTEGER NOT NULL,
	number INTEGER NOT NULL,
	issue_id INTEGER NOT NULL,
	PRIMARY KEY (project_id, number)
);

CREATE INDEX ix_issue_alias_issue_id ON issue_alias (issue_id);

CREATE TABLE fingerprint (
	id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,
	fingerprint TEXT NOT NULL,
	issue_id INTEGER NOT NULL,
	event_count BIGINT NOT NULL,
	first_seen_at BIGINT NOT NULL,
	last_seen_at BIGINT NOT NULL,
	title TEXT NOT NULL,
	parts_json BLOB NOT NULL,
	classification BLOB NOT NULL,
	scrubbed BLOB NOT NULL,
	pinned SMALLINT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (project_id, fingerprint)
);

CREATE INDEX ix_fingerprint_issue_id ON fingerprint (issue_id);

CREATE TABLE event (
	id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,
	fingerprint_id INTEGER NOT NULL,
	event_id BLOB NOT NULL,
	occurred_at BIGINT NOT NULL,
	received_at BIGINT NOT NULL,
	level SMALLINT NOT NULL,
	status_code SMALLINT NOT NULL,
	release_id INTEGER,
	platform_term BIGINT NOT NULL,
	environment_term BIGINT,
	transaction_term BIGINT,
	caller_term BIGINT,
	user_key TEXT NOT NULL,
	classification BLOB,
	scrubbed BLOB,
	dictionary_id SMALLINT NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (event_id, project_id)
);

CREATE INDEX ix_event_project ON event (project_id);

CREATE INDEX ix_event_fingerprint ON event (fingerprint_id);

CREATE TABLE term (
	id INTEGER NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE facet (
	fingerprint_id INTEGER NOT NULL,
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	count BIGINT NOT NULL,
	last_seen_at BIGINT NOT NULL,
	PRIMARY KEY (fingerprint_id, "key", value)
)
 WITHOUT ROWID;

CREATE TABLE fingerprint_hour (
	fingerprint_id INTEGER NOT NULL,
	hour INTEGER NOT NULL,
	count BIGINT NOT NULL,
	PRIMARY KEY (fingerprint_id, hour)
)
 WITHOUT ROWID;

CREATE TABLE fingerprint_user (
	fingerprint_id INTEGER NOT NULL,
	user_hash BIGINT NOT NULL,
	counted BOOLEAN NOT NULL,
	PRIMARY KEY (fingerprint_id, user_hash)
)
 WITHOUT ROWID;

CREATE TABLE signature (
	project_id INTEGER NOT NULL,
	signature TEXT NOT NULL,
	fingerprint_id INTEGER NOT NULL,
	PRIMARY KEY (project_id, signature)
)
 WITHOUT ROWID;

CREATE TABLE pending_sample (
	project_id INTEGER NOT NULL,
	signature TEXT NOT NULL,
	hour INTEGER NOT NULL,
	quantity BIGINT NOT NULL,
	first_at BIGINT NOT NULL,
	last_at BIGINT NOT NULL,
	PRIMARY KEY (project_id, signature, hour)
);

CREATE TABLE site (
	project_id INTEGER NOT NULL,
	site_key TEXT NOT NULL,
	state BLOB NOT NULL,
	PRIMARY KEY (project_id, site_key)
);

CREATE TABLE receipt (
	prefix TEXT NOT NULL,
	first BIGINT NOT NULL,
	last BIGINT NOT NULL,
	recorded_at BIGINT NOT NULL,
	PRIMARY KEY (prefix, first)
)
 WITHOUT ROWID;

CREATE TABLE dictionary (
	id INTEGER NOT NULL,
	content BLOB NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE ledger (
	project_id INTEGER NOT NULL,
	minute BIGINT NOT NULL,
	category SMALLINT NOT NULL,
	outcome SMALLINT NOT NULL,
	reason TEXT NOT NULL,
	quantity BIGINT NOT NULL,
	PRIMARY KEY (project_id, minute, category, outcome, reason)
);

CREATE INDEX ix_ledger_minute ON ledger (minute);

CREATE TABLE ledger_total (
	project_id INTEGER NOT NULL,
	category SMALLINT NOT NULL,
	outcome SMALLINT NOT NULL,
	reason TEXT NOT NULL,
	quantity BIGINT NOT NULL,
	PRIMARY KEY (project_id, category, outcome, reason)
);

CREATE TABLE release (
	id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,
	version TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	released_at BIGINT,
	url TEXT NOT NULL,
	refs BLOB NOT NULL,
	first_event_at BIGINT,
	last_event_at BIGINT,
	event_count INTEGER NOT NULL,
	new_issue_count INTEGER NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (project_id, version)
);

CREATE TABLE dead_letter (
	id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,
	reason TEXT NOT NULL,
	detail TEXT NOT NULL,
	died_at BIGINT NOT NULL,
	attempts INTEGER NOT NULL,
	report BLOB NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE attachment (
	id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,
	event_id TEXT NOT NULL,
	filename TEXT NOT NULL,
	content_type TEXT NOT NULL,
	kind TEXT NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX ix_attachment_event ON attachment (event_id, project_id);

CREATE TABLE traced_transaction (
	id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,
	event_id TEXT NOT NULL,
	name TEXT NOT NULL,
	operation TEXT NOT NULL,
	started_at BIGINT NOT NULL,
	duration_ms FLOAT NOT NULL,
	status TEXT NOT NULL,
	trace_id TEXT NOT NULL,
	release TEXT NOT NULL,
	environment TEXT NOT NULL,
	db_span_count INTEGER NOT NULL,
	db_ms FLOAT NOT NULL,
	db_slowest_ms FLOAT NOT NULL,
	db_spans BLOB NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX ix_traced_transaction_started ON traced_transaction (project_id, started_at);

CREATE TABLE check_in (
	id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,
	check_in_id TEXT NOT NULL,
	monitor_slug TEXT NOT NULL,
	status TEXT NOT NULL,
	received_at BIGINT NOT NULL,
	duration_s FLOAT,
	environment TEXT NOT NULL,
	release TEXT NOT NULL,
	config BLOB NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX ix_check_in_received ON check_in (project_id, received_at);

CREATE TABLE log_record (
	id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,
	logged_at BIGINT NOT NULL,
	level TEXT NOT NULL,
	body TEXT NOT NULL,
	trace_id TEXT NOT NULL,
	span_id TEXT NOT NULL,
	attributes BLOB NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX ix_log_record_trace ON log_record (trace_id);

CREATE INDEX ix_log_record_logged ON log_record (project_id, logged_at);

CREATE TABLE account (
	id INTEGER NOT NULL,
	email TEXT NOT NULL,
	email_folded TEXT NOT NULL,
	role TEXT NOT NULL,
	password_hash TEXT NOT NULL,
	language TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	disabled BOOLEAN NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (email_folded)
);

CREATE TABLE api_token (
	id INTEGER NOT NULL,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	token_sha256 TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	last_used_at BIGINT,
	revoked BOOLEAN NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (token_sha256)
);

CREATE TABLE session (
	session_sha256 TEXT NOT NULL,
	account_id INTEGER NOT NULL,
	csrf_token TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (session_sha256)
);

CREATE INDEX ix_session_account_id ON session (account_id);

CREATE TABLE setting (
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (name)
);

CREATE TABLE project_key (
	id INTEGER NOT NULL,
	project_id INTEGER NOT NULL,
	public_key TEXT NOT NULL,
	label TEXT NOT NULL,
	active BOOLEAN NOT NULL,
	rate_limits BLOB NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(project_id) REFERENCES project (id),
	UNIQUE (public_key)
);

CREATE TABLE deploy (
	id INTEGER NOT NULL,
	release_id INTEGER NOT NULL,
	environment TEXT NOT NULL,
	name TEXT NOT NULL,
	url TEXT NOT NULL,
	started_at BIGINT,
	finished_at BIGINT,
	PRIMARY KEY (id),
	FOREIGN KEY(release_id) REFERENCES release (id) ON DELETE CASCADE
);

CREATE INDEX ix_deploy_release_id ON deploy (release_id);
