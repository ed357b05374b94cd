"""Which versions go, which stay and why, and what freeing their bytes takes."""
