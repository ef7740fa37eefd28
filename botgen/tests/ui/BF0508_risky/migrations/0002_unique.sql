CREATE UNIQUE INDEX notes_slug ON notes (slug);
