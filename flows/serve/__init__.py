"""Schedules and pages."""
