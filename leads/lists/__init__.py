"""The pages on which people keep the lists: stages, statuses, types, sources, campaigns, event types, own fields."""
