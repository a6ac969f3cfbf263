"""What every room builds on: errors, paths, the time zone, the lock, atomic writes, wording."""
