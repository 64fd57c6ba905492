"""The screens: server-rendered HTML, one folder per screen with its route and its template."""
