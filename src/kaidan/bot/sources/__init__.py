"""Where the bot's bars and macro values come from: each source is polled and never waits."""
