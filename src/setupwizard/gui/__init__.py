"""The window: a face over the workflow that shows documents and asks for what the person wants. Only here lives Qt."""
