"""An application and its models that import each other for an object that belongs to neither."""
