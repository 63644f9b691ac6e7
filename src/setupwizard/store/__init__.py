"""What makes an install safe: the wheel store, generations, the audit, the journal and the lock file."""
