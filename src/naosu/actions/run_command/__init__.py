"""Running a program of the operator's."""
