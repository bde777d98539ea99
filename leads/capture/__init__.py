"""Hosted forms: what a marketer asks, what a visitor answers, and the lead that comes of it."""
