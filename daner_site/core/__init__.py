"""What every app stands on: jobs, live nudges, the clock, the supervisor. No models."""
