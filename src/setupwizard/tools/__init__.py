"""Other people's programs: starting them, their arguments, and how to read what they print."""
