"""The pages of profiles, personas and scoring models."""
