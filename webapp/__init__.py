"""What needs HTTP, a browser or a terminal: the pages, the API and the command line."""
