-- the four layers: as received, tidy, for people, about runs
create schema if not exists raw;
create schema if not exists core;
create schema if not exists out;
create schema if not exists ops;
