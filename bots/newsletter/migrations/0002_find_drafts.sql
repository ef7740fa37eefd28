-- An editor looks for their own.
-- botgen: allow(BF0507) a few hundred rows
CREATE INDEX nl_drafts_by_person ON nl_drafts (bot_id, user_id);
