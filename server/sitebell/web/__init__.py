"""What every HTTP edge shares: admission, strict JSON, one shape of failure, and the documented routes."""
