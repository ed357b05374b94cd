"""One file a command, or a few that belong together; heavy libraries are imported when run."""
