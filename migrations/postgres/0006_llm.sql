-- What operators have set for a bot's questions to the model; NULL: the deployment's default.
CREATE TABLE bf_llm_bots (
  bot      TEXT PRIMARY KEY,
  enabled  BOOLEAN,
  preset   TEXT,
  budget   BIGINT               -- tokens a day; 0: any number
);

-- Tokens of a bot on a day of its own zone.
CREATE TABLE bf_llm_days (
  bot      TEXT NOT NULL,
  day      TEXT NOT NULL,       -- YYYY-MM-DD
  epoch    BIGINT NOT NULL DEFAULT 0,   -- grows with every reset
  used     BIGINT NOT NULL DEFAULT 0,   -- since the last reset
  reserved BIGINT NOT NULL DEFAULT 0,   -- by calls under way, and by those that a crash has ended
  spent    BIGINT NOT NULL DEFAULT 0,   -- of the whole day
  asked    BIGINT NOT NULL DEFAULT 0,
  cached   BIGINT NOT NULL DEFAULT 0,
  calls    BIGINT NOT NULL DEFAULT 0,
  failed   BIGINT NOT NULL DEFAULT 0,   -- calls
  millis   BIGINT NOT NULL DEFAULT 0,   -- of calls that went well
  PRIMARY KEY (bot, day)
);

-- Settles calls that have ended (reservations of `p_epochs` and `p_back`), counts, then reserves tokens in order as far as
-- they fit. Gives the row as it is then, the limit, and which of `p_wanted` were granted.
CREATE FUNCTION bf_llm_charge(p_bot TEXT, p_day TEXT, p_default BIGINT, p_epochs BIGINT[], p_back BIGINT[], p_spent BIGINT,
  p_counts BIGINT[], p_wanted BIGINT[],
  OUT o_epoch BIGINT, OUT o_used BIGINT, OUT o_reserved BIGINT, OUT o_limit BIGINT, OUT o_granted BOOLEAN[])
LANGUAGE plpgsql AS $$
DECLARE
  v_back BIGINT;
  v_wanted BIGINT;
BEGIN
  SELECT coalesce((SELECT budget FROM bf_llm_bots WHERE bot = p_bot), p_default) INTO o_limit;
  INSERT INTO bf_llm_days AS d (bot, day) VALUES (p_bot, p_day)
    ON CONFLICT (bot, day) DO UPDATE SET epoch = d.epoch
    RETURNING d.epoch, d.used, d.reserved INTO o_epoch, o_used, o_reserved;
  SELECT coalesce(sum(b.amount), 0) INTO v_back
    FROM unnest(p_epochs, p_back) AS b (epoch, amount) WHERE b.epoch = o_epoch;
  o_used := o_used + p_spent;
  o_reserved := greatest(o_reserved - v_back, 0);
  o_granted := '{}';
  FOREACH v_wanted IN ARRAY p_wanted LOOP
    IF o_limit = 0 OR o_used + o_reserved + v_wanted <= o_limit THEN
      o_reserved := o_reserved + v_wanted;
      o_granted := o_granted || TRUE;
    ELSE
      o_granted := o_granted || FALSE;
    END IF;
  END LOOP;
  UPDATE bf_llm_days SET used = o_used, reserved = o_reserved, spent = spent + p_spent, asked = asked + p_counts[1],
    cached = cached + p_counts[2], calls = calls + p_counts[3], failed = failed + p_counts[4], millis = millis + p_counts[5]
    WHERE bot = p_bot AND day = p_day;
END $$;
