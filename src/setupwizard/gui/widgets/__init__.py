"""The parts that the pages are made of. They show values and emit what was asked; they know no document's way."""
