CREATE INDEX notes_slug ON notes (slug);
