"""What two rows that are one have in common: folded names, phone numbers, mailboxes. Pure, no database."""
