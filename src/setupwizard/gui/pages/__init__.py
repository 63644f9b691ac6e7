"""The six pages. A page shows the state that the window gives it and says what the person wants; it never acts."""
