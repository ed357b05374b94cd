"""Who is told when the bot needs a person: by severity, without noise, and without a loss."""
