"""Once a week: a release is trained, judged and perhaps promoted, however often it is asked for."""
