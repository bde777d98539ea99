-- Nothing waits to be compared: what is measured is not the search for duplicates in the background.
TRUNCATE leads_tocompare;
