"""The first account, the snippets and the test error."""
