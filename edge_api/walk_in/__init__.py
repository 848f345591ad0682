"""The way in without script: guide code -> visit -> page -> form -> front desk, all at `/open`."""
