"""Where facts about this computer and the network come from. Absent is an answer, never an exception."""
