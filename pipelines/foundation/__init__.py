"""What every room stands on: errors, paths, the time zone, the lock, atomic writes, SQL files."""
