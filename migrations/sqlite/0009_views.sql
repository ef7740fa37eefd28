-- What bots' SQL asks of the views about one person does not look at everybody.
CREATE INDEX bf_person_seen ON bf_person (bot_id, person);
CREATE INDEX bf_segment_seen ON bf_segment (bot_id, person);

-- Previews have a name of their own in the views: people who talk to the bot are counted without them.
UPDATE bf_person SET bot_id = 'preview:' || bot_id WHERE bot < 0;
UPDATE bf_segment SET bot_id = 'preview:' || bot_id WHERE bot < 0;
UPDATE bf_broadcast SET bot_id = 'preview:' || bot_id WHERE bot < 0;
