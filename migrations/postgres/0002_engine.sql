-- What the engine needs beyond 0001: every conversation counts its changes, and an update's effects are stored by one call.

ALTER TABLE bf_conversations ADD COLUMN version BIGINT NOT NULL DEFAULT 1;    -- grows with every change
ALTER TABLE bf_conversations ADD COLUMN timer BIGINT NOT NULL DEFAULT 0;      -- when its timer fires, or is looked at again; 0: never
CREATE INDEX bf_conversations_timer ON bf_conversations (timer) WHERE timer > 0;
-- Byte for byte what was stored: JSONB would refuse a text with a NUL in it.
ALTER TABLE bf_conversations ALTER COLUMN waiting TYPE JSON USING waiting::text::json;

-- Moves are updates in place (HOT) where the page has room; both tables change all the time.
ALTER TABLE bf_conversations SET (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE bf_outbox SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.05);

-- What the sender needs to know of a call. State 4: Telegram refused it for good; the call is kept with its dead letter.
ALTER TABLE bf_outbox ADD COLUMN class SMALLINT NOT NULL DEFAULT 0;           -- 0 a reply, 1 bulk: replies go first
ALTER TABLE bf_outbox ADD COLUMN flags SMALLINT NOT NULL DEFAULT 0;           -- 1 given up where nobody knows whether it
                                                                              -- arrived, 2 its message's id is kept
ALTER TABLE bf_outbox ADD COLUMN message BIGINT;                              -- Telegram's id of the sent message
DROP INDEX bf_outbox_unsent;
CREATE INDEX bf_outbox_unsent ON bf_outbox (class, lease_until) WHERE state IN (1, 2);

ALTER TABLE bf_dead_letters ADD COLUMN n INTEGER;                             -- the row of its call; NULL: a handler failed
ALTER TABLE bf_dead_letters ADD COLUMN method TEXT NOT NULL DEFAULT '';       -- of the call

-- Chats that Telegram does not deliver to (blocked, kicked, gone), until they are heard of again.
CREATE TABLE bf_unreachable (
  bot   BIGINT NOT NULL,
  chat  BIGINT NOT NULL,
  since BIGINT NOT NULL,
  PRIMARY KEY (bot, chat)
);

-- Every statement below goes by a key. A plan that was made while the table was small must not read all of it when it has
-- grown: hence `enable_seqscan` of those that are called from outside.
-- Messages of errors are constants: values do not get into the server's log.

-- An update's claim and its conversation, in one snapshot. `claim` is NULL where there is none, `version` where there is
-- no conversation.
CREATE FUNCTION bf_look(
  p_bot BIGINT, p_update BIGINT, p_chat BIGINT, p_person BIGINT, p_thread BIGINT,
  OUT claim SMALLINT, OUT offered TEXT, OUT run BIGINT, OUT expires BIGINT, OUT waiting TEXT, OUT version BIGINT
) LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  SELECT o.state, o.call::text INTO claim, offered FROM bf_outbox o
    WHERE o.bot = p_bot AND o.update_id = p_update AND o.n = 0;
  IF FOUND THEN RETURN; END IF;
  SELECT c.run, c.expires, c.waiting::text, c.version INTO run, expires, waiting, version FROM bf_conversations c
    WHERE c.bot = p_bot AND c.chat = p_chat AND c.person = p_person AND c.thread = p_thread;
END $$;

-- The same in a transaction that keeps the conversation to itself until it ends. The claim is looked for by a statement
-- after the lock: in one statement it would miss what a rival has just committed.
CREATE FUNCTION bf_begin(
  p_bot BIGINT, p_update BIGINT, p_chat BIGINT, p_person BIGINT, p_thread BIGINT,
  OUT claim SMALLINT, OUT offered TEXT, OUT run BIGINT, OUT expires BIGINT, OUT waiting TEXT, OUT version BIGINT
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  SELECT c.run, c.expires, c.waiting::text, c.version INTO run, expires, waiting, version FROM bf_conversations c
    WHERE c.bot = p_bot AND c.chat = p_chat AND c.person = p_person AND c.thread = p_thread FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    -- Nothing to lock yet: the first updates of a person wait for each other here.
    PERFORM pg_advisory_xact_lock(hashtextextended(concat_ws(':', p_bot, p_chat, p_person, p_thread), 25190));
    SELECT c.run, c.expires, c.waiting::text, c.version INTO run, expires, waiting, version FROM bf_conversations c
      WHERE c.bot = p_bot AND c.chat = p_chat AND c.person = p_person AND c.thread = p_thread FOR NO KEY UPDATE;
  END IF;
  SELECT o.state, o.call::text INTO claim, offered FROM bf_outbox o
    WHERE o.bot = p_bot AND o.update_id = p_update AND o.n = 0;
END $$;

-- Stores all that an update leaves behind, or nothing: 0 stored, 1 the update was handled before, 2 the conversation has
-- moved since it was read (or somebody is about to move it). It waits for a rival with the same claim, and for nothing else.
CREATE FUNCTION bf_step(
  p_bot BIGINT, p_update BIGINT, p_chat BIGINT, p_person BIGINT, p_thread BIGINT, p_at BIGINT,
  p_to BIGINT, p_state SMALLINT, p_lease BIGINT, p_call TEXT, p_rest TEXT,
  p_expected BIGINT, p_run BIGINT, p_expires BIGINT, p_waiting TEXT, p_timer BIGINT,  -- expected NULL: it does not move
  p_subject BIGINT, p_tag TEXT, p_code TEXT, p_trace TEXT, p_flags SMALLINT
) RETURNS SMALLINT LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO bf_outbox (bot, update_id, n, chat, at, state, lease_until, call, flags)
    VALUES (p_bot, p_update, 0, p_to, p_at, p_state, p_lease, p_call::json, p_flags) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN 1; END IF;
  IF p_expected IS NOT NULL THEN
    IF p_expected = 0 THEN
      INSERT INTO bf_conversations (bot, chat, person, thread, run, expires, waiting, timer)
        VALUES (p_bot, p_chat, p_person, p_thread, p_run, p_expires, p_waiting::json, p_timer) ON CONFLICT DO NOTHING;
    ELSE
      UPDATE bf_conversations SET run = p_run, expires = p_expires, waiting = p_waiting::json, timer = p_timer,
          version = version + 1
        WHERE ctid = (SELECT c.ctid FROM bf_conversations c
          WHERE c.bot = p_bot AND c.chat = p_chat AND c.person = p_person AND c.thread = p_thread
            AND c.version = p_expected FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    IF NOT FOUND THEN
      DELETE FROM bf_outbox o WHERE o.bot = p_bot AND o.update_id = p_update AND o.n = 0;
      RETURN 2;
    END IF;
  END IF;
  IF p_rest IS NOT NULL THEN
    INSERT INTO bf_outbox (bot, update_id, n, at, state, chat, lease_until, call, flags)
      SELECT p_bot, p_update, r.n, p_at, (r.row->>0)::smallint, (r.row->>1)::bigint, (r.row->>2)::bigint, (r.row->>3)::json,
        (r.row->>4)::smallint
      FROM json_array_elements(p_rest::json) WITH ORDINALITY AS r (row, n);
  END IF;
  IF p_tag IS NOT NULL THEN
    -- Numbered by the transaction, not by a counter: a reader knows which of these may still be to come.
    INSERT INTO bf_locales (bot, subject, tag, changed) VALUES (p_bot, p_subject, p_tag, txid_current())
      ON CONFLICT (bot, subject) DO UPDATE SET tag = excluded.tag, changed = excluded.changed;
  END IF;
  IF p_code IS NOT NULL THEN
    INSERT INTO bf_dead_letters (bot, update_id, at, code, trace_id) VALUES (p_bot, p_update, p_at, p_code, p_trace);
  END IF;
  RETURN 0;
END $$;

-- The same at the end of a transaction that `bf_begin` began, which is taken back where this is not 0.
CREATE FUNCTION bf_finish(
  p_bot BIGINT, p_update BIGINT, p_chat BIGINT, p_person BIGINT, p_thread BIGINT, p_at BIGINT,
  p_to BIGINT, p_state SMALLINT, p_lease BIGINT, p_call TEXT, p_rest TEXT,
  p_expected BIGINT, p_run BIGINT, p_expires BIGINT, p_waiting TEXT, p_timer BIGINT,
  p_subject BIGINT, p_tag TEXT, p_code TEXT, p_trace TEXT, p_flags SMALLINT
) RETURNS SMALLINT LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  RETURN bf_step(p_bot, p_update, p_chat, p_person, p_thread, p_at, p_to, p_state, p_lease, p_call, p_rest,
    p_expected, p_run, p_expires, p_waiting, p_timer, p_subject, p_tag, p_code, p_trace, p_flags);
END $$;

-- The same beside a statement of the bot's: where this is not 0, that must be taken back too, so it raises.
CREATE FUNCTION bf_one(
  p_bot BIGINT, p_update BIGINT, p_chat BIGINT, p_person BIGINT, p_thread BIGINT, p_at BIGINT,
  p_to BIGINT, p_state SMALLINT, p_lease BIGINT, p_call TEXT, p_rest TEXT,
  p_expected BIGINT, p_run BIGINT, p_expires BIGINT, p_waiting TEXT, p_timer BIGINT,
  p_subject BIGINT, p_tag TEXT, p_code TEXT, p_trace TEXT, p_flags SMALLINT
) RETURNS SMALLINT LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  outcome SMALLINT;
BEGIN
  outcome := bf_step(p_bot, p_update, p_chat, p_person, p_thread, p_at, p_to, p_state, p_lease, p_call, p_rest,
    p_expected, p_run, p_expires, p_waiting, p_timer, p_subject, p_tag, p_code, p_trace, p_flags);
  IF outcome = 1 THEN RAISE EXCEPTION 'handled before' USING ERRCODE = 'BF001'; END IF;
  IF outcome = 2 THEN RAISE EXCEPTION 'moved meanwhile' USING ERRCODE = 'BF002'; END IF;
  RETURN outcome;
END $$;

-- The same for many updates, each decided by itself, in one transaction. Rows come back of those only that were not stored:
-- place in the arrays, outcome, and the claim's state and call. Callers sort by conversation and update, so that two of
-- them never wait for each other in a circle.
CREATE FUNCTION bf_steps(
  p_bot BIGINT[], p_update BIGINT[], p_chat BIGINT[], p_person BIGINT[], p_thread BIGINT[], p_at BIGINT[],
  p_to BIGINT[], p_state SMALLINT[], p_lease BIGINT[], p_call TEXT[], p_rest TEXT[],
  p_expected BIGINT[], p_run BIGINT[], p_expires BIGINT[], p_waiting TEXT[], p_timer BIGINT[],
  p_subject BIGINT[], p_tag TEXT[], p_code TEXT[], p_trace TEXT[], p_flags SMALLINT[]
) RETURNS TABLE (place INTEGER, outcome SMALLINT, claim SMALLINT, offered TEXT)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  FOR i IN 1 .. cardinality(p_bot) LOOP
    outcome := bf_step(p_bot[i], p_update[i], p_chat[i], p_person[i], p_thread[i], p_at[i],
      p_to[i], p_state[i], p_lease[i], p_call[i], p_rest[i],
      p_expected[i], p_run[i], p_expires[i], p_waiting[i], p_timer[i],
      p_subject[i], p_tag[i], p_code[i], p_trace[i], p_flags[i]);
    IF outcome <> 0 THEN
      place := i;
      claim := NULL;
      offered := NULL;
      IF outcome = 1 THEN
        SELECT o.state, o.call::text INTO claim, offered FROM bf_outbox o
          WHERE o.bot = p_bot[i] AND o.update_id = p_update[i] AND o.n = 0;
      END IF;
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;

-- Leases replies that nobody sends, oldest first. One caller at a time, and none of a chat for which an earlier row waits
-- elsewhere: two instances must not send to one chat at once.
CREATE FUNCTION bf_lease(p_now BIGINT, p_until BIGINT, p_limit BIGINT)
RETURNS TABLE (bot BIGINT, update_id BIGINT, n INTEGER, chat BIGINT, at BIGINT, call TEXT, given_back BOOLEAN,
  attempts INTEGER, class SMALLINT, flags SMALLINT)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  IF NOT pg_try_advisory_xact_lock(25190, 1) THEN RETURN; END IF;
  RETURN QUERY
    WITH found AS MATERIALIZED (
      SELECT f.bot, f.update_id, f.n, f.given_back FROM bf_outbox f
      WHERE f.state IN (1, 2) AND f.class = 0 AND f.lease_until <= p_now
        AND NOT EXISTS (SELECT 1 FROM bf_outbox e
          WHERE e.state = 2 AND e.class = 0 AND e.lease_until > p_now AND e.bot = f.bot AND e.chat = f.chat
            AND (e.at, e.update_id, e.n) < (f.at, f.update_id, f.n))
      ORDER BY f.at, f.update_id, f.n LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    ), leased AS (
      UPDATE bf_outbox o SET state = 2, given_back = FALSE, lease_until = p_until FROM found
      WHERE o.bot = found.bot AND o.update_id = found.update_id AND o.n = found.n
      RETURNING o.bot, o.update_id, o.n, o.chat, o.at, o.call::text, found.given_back, o.attempts, o.class, o.flags
    )
    SELECT * FROM leased ORDER BY 5, 2, 3;
END $$;

-- The same for bulk: each caller takes others, those first that are due longest.
CREATE FUNCTION bf_lease_bulk(p_now BIGINT, p_until BIGINT, p_limit BIGINT)
RETURNS TABLE (bot BIGINT, update_id BIGINT, n INTEGER, chat BIGINT, at BIGINT, call TEXT, given_back BOOLEAN,
  attempts INTEGER, class SMALLINT, flags SMALLINT)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    WITH found AS MATERIALIZED (
      SELECT f.bot, f.update_id, f.n, f.given_back FROM bf_outbox f
      WHERE f.state IN (1, 2) AND f.class = 1 AND f.lease_until <= p_now
      ORDER BY f.class, f.lease_until LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    ), leased AS (
      UPDATE bf_outbox o SET state = 2, given_back = FALSE, lease_until = p_until FROM found
      WHERE o.bot = found.bot AND o.update_id = found.update_id AND o.n = found.n
      RETURNING o.bot, o.update_id, o.n, o.chat, o.at, o.call::text, found.given_back, o.attempts, o.class, o.flags
    )
    SELECT * FROM leased ORDER BY 5, 2, 3;
END $$;
