-- Once, on whichever server `patronictl list` calls the leader:
--   psql -h 10.0.0.11 -U postgres -f database.sql
-- To change: the password.
CREATE ROLE federation LOGIN PASSWORD 'change-me-federation';
CREATE DATABASE federation OWNER federation TEMPLATE template0 ENCODING 'UTF8';
