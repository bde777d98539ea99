"""Import of lists of leads (docs/import.md).

mapping   what the columns mean, from a TOML file
encoding  which encoding a file has
reader    the file as records, with the lines they begin on
values    one cell → one value
rows      one record → one row, or the reason why not
lookups   the configured lists that rows refer to
companies the companies that a batch of rows belongs to
staging   a batch of rows → the database, set-based
report    what is said about it
run       all of it, batch by batch
"""
