"""Start and stop functions in places where Starlette 1 looks no more."""
