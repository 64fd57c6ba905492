"""Relations that are loaded row by row in a loop."""
