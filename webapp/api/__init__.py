"""The API under /api/v1: thin routes that read a request, call `workflows`, commit and write an answer."""
