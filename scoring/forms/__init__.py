"""Forms of profiles, personas and scoring models; the floor above edits conditions by ``scoring.forms.conditions``."""
