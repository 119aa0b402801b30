"""Huiyin: complaint handling; the core that every function imports."""
