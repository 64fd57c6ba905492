"""Starting an application anew."""
