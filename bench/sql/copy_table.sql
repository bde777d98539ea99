-- The floor of an import: the same rows, as text, in a table without an index.
DROP TABLE IF EXISTS bench_copy;

CREATE TABLE bench_copy (
    number text, first_name text, last_name text, email text, phone text, title text, company text, web text,
    industry text, employees text, country text, source text, captured text, seats text
);
