"""Facts only: frozen documents that pass between the steps and both faces; nothing here acts."""
